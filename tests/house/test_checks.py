"""The tools: what `python3 dev.py check` runs is clean, so that CI needs one command."""

from __future__ import annotations

import pytest

COMMANDS = [
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports", "--no-cache"),
    ("mypy",),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_tool_is_clean(tool, command):
    """Lint, format, layers and types have nothing to say."""
    code, said = tool(*command)
    assert code == 0, said[-6000:]
