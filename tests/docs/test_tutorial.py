"""The tutorials are true: their files are written, their commands run, their output compared.

`…` in an expected line stands for anything within the line, a line `...` for any lines. Commands
that look at what a process writes are asked again for a while; the reader is slower than a test.
What a page tells a person to do in a browser stands in a comment: `enrol FILE`, `confirm FILE`, or a
method, a path and the status that comes back.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from yett.cli.demo.accounts import Person

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0
# What a process writes, and what the gate answers once it has taken a changed contract.
ASKED_AGAIN = (
    "grep ",
    "yett audit ",
    "curl -s http://localhost",
    "ana /notes/",
    "ben /notes/",
    "ben /comments ",
)
PAGES = ("first-contract", "guard-records")
ALONE = ("sign-in",)
BLOCK = re.compile(
    r"<!-- browser: (.*?) -->|(?:<!-- (file|append): (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL
)


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


def free_ports(count: int = 3) -> list[str]:
    """Ports that nobody listens on; all are held until all are known."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in probes]


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


def act(person: Person, folder: Path, words: str) -> None:
    """Do in a browser what the page says."""
    what, place, *status = words.split()
    if what == "enrol":
        person.enrol((folder / place).read_text().strip())
    elif what == "confirm":
        address = (folder / place).read_text().strip()
        query = dict(parse_qsl(urlsplit(address).query))
        assert "code" in person.authorize(query).query
    else:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while [str((found := person.browser._ask(what, place, b""))[0])] != status:
            assert time.monotonic() < deadline, (words, found)
            time.sleep(0.2)  # a changed contract or a revocation takes a moment


def play(shell: Shell, folder: Path, page: str, listen: str, person: Person) -> int:
    """Write the files of a page and run its commands; return how many."""
    done = 0
    for browser, kind, name, language, text in BLOCK.findall(page):
        if browser:
            act(person, folder, browser)
            done += 1
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


@pytest.mark.parametrize("pages", [PAGES, ALONE])
def test_the_tutorials_do_what_they_say(shell, tmp_path, pages):
    """From an app without protection to guarded records, or to people who sign in, word for word."""
    service, gate, control = free_ports()
    # The listeners' ports are what the pages take from defaults.
    own = f'listen = "127.0.0.1:{control}"'
    change = f"-e s/:8080/:{gate}/ -e '/^.identity.builtin/a {own}'"
    listen = f"sed -i {change} gate/yett.toml"
    for name in pages:
        page = (ROOT / f"docs/tutorial/{name}.md").read_text(encoding="utf-8")
        page = page.replace("8000", service).replace("8080", gate)
        assert play(shell, tmp_path, page, listen, Person(int(gate))) > 20
        shell.run("kill $(jobs -p); wait")
