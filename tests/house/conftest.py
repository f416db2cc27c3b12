from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def sources():
    """Each source file with its text."""
    return {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py"))}


@pytest.fixture(scope="session")
def trees(sources):
    return {path: ast.parse(text) for path, text in sources.items()}


@pytest.fixture(scope="session")
def tool():
    """Run a tool of this venv in the checkout; answers (exit code, what it said)."""

    def run(*command: str) -> tuple[int, str]:
        beside = Path(sys.executable).parent
        environment = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
        done = subprocess.run(
            [str(beside / command[0]), *command[1:]],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run
