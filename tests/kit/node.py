"""Programs of `tests/clients/node` run with the packages of its lock file: outside counterparties.

`npm ci` installs them once into a cache folder outside the checkout, named by the lock file, without
running any package's scripts. Where node or npm is absent, or no registry is reached, tests skip;
whatever else keeps the lock file from being installed fails them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "clients" / "node"
INSTALL_SECONDS = 300
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT")
ANSWER_SECONDS = 30
STOP_SECONDS = 10


def modules() -> Path:
    """Return the folder `node_modules`, installing it where it is not there; skip where it cannot.

    Several processes may install at once: each does so aside and puts the whole in place.
    """
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine")
    lock = (FOLDER / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yett-tests"
    place = cache / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (place / "node_modules").is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as aside:
            _install(Path(aside) / "new")
            try:
                (Path(aside) / "new").rename(place)
            except OSError:
                assert (place / "node_modules").is_dir()  # another process was first
    return place / "node_modules"


def _install(folder: Path) -> None:
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FOLDER / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        said = done.stderr.strip()[-300:]
        # A lock file that does not install is ours to mend; a network that is not there is not.
        if any(code in done.stderr for code in UNREACHABLE):
            pytest.skip(f"npm reaches no registry: {said}")
        pytest.fail(f"npm ci: {said}")


class Program:
    """A program of `tests/clients/node` that says what it has to say in lines of JSON.

    Args:
        folder: an empty folder to run it in.
        name: the file, such as `provider.mjs`.
        arguments: for its command line.
        environment: beside `PATH`.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *arguments: str,
        environment: dict[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # An ES module looks for packages beside itself, wherever that is.
        shutil.copy(FOLDER / name, folder)
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "node_modules").symlink_to(modules())
        self.errors = folder / "stderr"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                ["node", "--no-warnings", name, *arguments],
                cwd=folder,
                env={"PATH": os.environ["PATH"], **(environment or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def read(self) -> dict[str, object]:
        """Read its next line of JSON; what is none is talk."""
        assert self.process.stdout is not None
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            line = self.process.stdout.readline()
            if not line:
                break
            if line.startswith(b"{"):
                return json.loads(line)
        pytest.fail(f"no answer: {self.errors.read_text()[-2000:]}")

    def say(self, *command: str) -> object:
        """Give a command and read what it answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        return self.read()["done"]

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
