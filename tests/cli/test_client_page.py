"""docs/how-to/clients.md: each block is run by the client it is about, against a running gate.

`…` in an expected line stands for anything. A program that prints a URL of the issuer gets a person
who agrees to it; where the browser ends up is the program's next line of input.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from kit.company import Company
from kit.node import modules
from kit.web_browser import WebBrowser

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/clients.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- run: (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
SECTIONS = [part for part in PAGE.split("\n## ") if "<!-- run: " in part]
PROGRAMS = {".py": [sys.executable], ".mjs": ["node"], ".sh": ["bash", "-eu"]}
ORIGIN = "https://api.example.com"
SECONDS = 60


@pytest.fixture(scope="module")
def company(tmp_path_factory, upstream):
    """A gate that demands nonces, and ana, who has a passkey."""
    path = tmp_path_factory.mktemp("company")
    started = Company(path, upstream[0], nonce=True)
    started.browser = WebBrowser(started.url, started.ca)
    started.browser.enrol(started.invite("ana"))
    yield started
    started.browser.close()
    started.stop()


class Reader:
    """Somebody who follows a section of the page in a folder of their own."""

    def __init__(self, company, folder):
        self.company, self.folder = company, folder
        self.environment = {"PATH": os.environ["PATH"], **company.environment}
        self.printed = ""

    def register(self, command):
        """Run a command of the page; what it made is in the environment from then on."""
        words = [self.at(word) for word in re.findall(r'"[^"]*"|\S+', command)][1:]
        made = json.loads(self.company.run(*words, "--format", "json"))
        self.environment["CLIENT_ID"] = made["client_id"]
        self.environment["CLIENT_SECRET"] = made.get("client_secret", "")

    def at(self, word):
        return str(self.folder / word) if word.endswith(".json") else word.strip('"')

    def start(self, name, text):
        """Write a program and run it to its end."""
        (self.folder / name).write_text(text.replace(ORIGIN, self.company.origin))
        suffix = Path(name).suffix
        if suffix == ".sh" and shutil.which("curl") is None:
            pytest.skip("no curl on this machine")
        if suffix == ".mjs":
            (self.folder / "node_modules").symlink_to(modules())
        errors = (self.folder / "stderr").open("wb")
        process = subprocess.Popen(
            [*PROGRAMS[suffix], name],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        errors.close()
        watch = threading.Timer(SECONDS, process.kill)
        watch.start()
        with process:
            self.printed = "".join(self.agree(line, process.stdin) for line in process.stdout)
        watch.cancel()
        assert process.returncode == 0, (self.folder / "stderr").read_text()

    def agree(self, line, stdin):
        """Do what a line asks a person for; returns the line."""
        for url in re.findall(rf"{self.company.url}/\S+", line):
            came = self.company.browser.agree(url)
            if came:
                stdin.write(f"{came}\n")
                stdin.flush()
        return line.replace(self.company.origin, ORIGIN)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition("\n")[0])
def test_the_page_does_what_it_says(company, tmp_path, section):
    """The client is registered, gets its tokens, and the API answers it."""
    reader = Reader(company, tmp_path)
    for name, language, text in BLOCK.findall(section):
        if name:
            reader.start(name, text)
        elif language == "sh":
            reader.register(text.strip())
        else:
            assert language == "text"
            wanted = re.escape(text).replace("…", ".*")
            assert re.fullmatch(wanted, reader.printed), reader.printed


def test_every_section_says_what_comes_out():
    """No program of the page runs without its output being compared."""
    assert len(SECTIONS) == 7
    assert all("```text\n" in section for section in SECTIONS)
