"""The tutorials are true: their files are written, their commands run, their output compared.

`…` in an expected line stands for anything within the line, a line `...` for any lines. Commands
that look at what a process writes are asked again for a while; the reader is slower than a test.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0
# What a process writes, and what the gate answers once it has taken a changed contract.
ASKED_AGAIN = ("grep ", "yett audit ", "ana /notes/", "ben /notes/", "ben /comments ")
PAGES = ("first-contract", "guard-records")
BLOCK = re.compile(r"(?:<!-- (file|append): (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


class Shell:
    """One bash in a folder of its own, so that jobs and variables live from block to block."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**os.environ, "PATH": path, "HOME": str(folder), "NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.marks = itertools.count()

    def run(self, command: str) -> str:
        mark = f"=== done {next(self.marks)} ==="
        self.process.stdin.write(f"{command}\necho; echo '{mark}'\n")
        self.process.stdin.flush()
        found = []
        for line in self.process.stdout:
            if line.rstrip() == mark:
                break
            found.append(line.rstrip())
        return "\n".join(found).rstrip()

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture
def shell(tmp_path):
    shell = Shell(tmp_path)
    yield shell
    shell.end()


def free_ports() -> tuple[str, str]:
    """Two ports that nobody listens on; both are held until both are known."""
    with socket.socket() as one, socket.socket() as two:
        for found in (one, two):
            found.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(two.getsockname()[1])


def pattern(expected: str) -> re.Pattern[str]:
    """Turn expected output into what matches it."""
    lines = []
    for line in expected.splitlines():
        if line == "...":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(re.escape(line.rstrip()).replace("…", ".*") + r"\n")
    return re.compile("".join(lines))


def check(shell: Shell, command: str, expected: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        output = shell.run(command)
        if pattern(expected.rstrip()).fullmatch(output + "\n" if output else ""):
            return
        # A service that is still starting was not asked anything.
        asked = command.startswith(ASKED_AGAIN) or "upstream-unreachable" in output
        again = asked and time.monotonic() < deadline
        assert again, f"$ {command}\n{output}\n--- the page says\n{expected}"
        time.sleep(0.2)


def steps(text: str):
    """Split a console block in commands with their expected output."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def play(shell: Shell, folder: Path, page: str, listen: str) -> int:
    """Write the files of a page and run its commands; return how many."""
    done = 0
    for kind, name, language, text in BLOCK.findall(page):
        if kind:
            (folder / name).parent.mkdir(exist_ok=True)
            with (folder / name).open("a" if kind == "append" else "w") as file:
                file.write(text)
        if language != "console":
            continue
        for command, expected in steps(text):
            check(shell, command, expected)
            done += 1
            if command.startswith("yett init"):
                shell.run(listen)
    return done


def test_the_tutorials_do_what_they_say(shell, tmp_path):
    """From an app without protection to guarded records, word for word, one after the other."""
    service, gate = free_ports()
    # The listener's port is the one thing that the pages take from a default.
    listen = f"sed -i s/127.0.0.1:8080/127.0.0.1:{gate}/ gate/yett.toml"
    for name in PAGES:
        page = (ROOT / f"docs/tutorial/{name}.md").read_text(encoding="utf-8")
        page = page.replace("8000", service).replace("8080", gate)
        assert play(shell, tmp_path, page, listen) > 20
        shell.run("kill $(jobs -p); wait")
