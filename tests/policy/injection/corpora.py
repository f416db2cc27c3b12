"""Reads the corpora beside this file: one value a line, `# ` starts a comment."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).with_name("corpus")
SIGNS = str.maketrans("␊␍␀␉", "\n\r\0\t")


def values(name: str) -> list[str]:
    """Return the values of one corpus, control characters put back."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    lines = text.rstrip("\n").split("\n")
    return [line.translate(SIGNS) for line in lines if not line.startswith("# ")]
