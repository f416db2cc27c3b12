#!/usr/bin/env python3
"""The one bootstrap: `python3 dev.py demo|test|check|fix|bench|docs [arguments]`.

Standard library only, so that it runs on a bare machine. It makes `.venv` from `uv.lock` with uv
(which it installs into `.yett/tools` where there is none), falls back to venv and pip, and leaves a
stamp so that a repeat costs nothing. Arguments after the command go to the command unchanged.
It touches nothing outside the checkout but the caches of uv and pip; for `test`, as root on Debian,
it also installs the browser that the sign-in pages are tested in, where there is none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

LEAST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".yett"
STAMP = VENV / "yett-stamp.json"
APT_LINE = "sudo apt-get install -y python3-venv"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class Command(NamedTuple):
    """A word of the command line: what it says, installs and runs (from `.venv/bin`)."""

    says: str
    group: str
    runs: tuple[tuple[str, ...], ...]


COMMANDS = {
    "demo": Command("the portal behind the gate, real attacks", "portal", (("yett", "demo"),)),
    "test": Command(
        "every test (and with them every check)",
        "check",
        (("pytest", "-n", "2", "--dist", "loadfile"),),
    ),
    "check": Command(
        "ruff, mypy and the layers",
        "check",
        (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",)),
    ),
    "fix": Command(
        "what ruff can mend by itself",
        "check",
        (("ruff", "check", "--fix", "."), ("ruff", "format", ".")),
    ),
    "bench": Command("the load figures beside their peers", "bench", (("python", "-m", "bench"),)),
    "docs": Command(
        "writes the generated pages, builds the site",
        "docs",
        (("python", "docs/generate.py"), ("mkdocs", "build", "--quiet", "--strict")),
    ),
}


class Trouble(Exception):  # noqa: N818 — the word the user reads: what is wrong and what to do
    """What stops the bootstrap, with the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def main(arguments: list[str]) -> int:
    """Run one command; answer its exit code."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(usage())
        return 0 if arguments else 2
    name, rest = arguments[0], arguments[1:]
    try:
        require_python(sys.version_info[:3])
        command = find_command(name, rest)
        prepare(command.group)
        if name == "test":
            prepare_browser()
    except Trouble as trouble:
        print(f"dev.py: {trouble}\nhint: {trouble.hint}", file=sys.stderr)
        return 3
    return run_all(command.runs, rest)


def find_command(name: str, rest: list[str]) -> Command:
    """Look a command up; only one that runs a single program takes arguments."""
    if name not in COMMANDS:
        raise Trouble(f"`{name}` is not a command", "one of: " + ", ".join(COMMANDS))
    if rest and len(COMMANDS[name].runs) > 1:
        raise Trouble(f"`{name}` takes no arguments", "the programs themselves are in .venv/bin")
    return COMMANDS[name]


def usage() -> str:
    """Say what there is."""
    rows = "\n".join(f"  {name:<7}{command.says}" for name, command in COMMANDS.items())
    return f"usage: python3 dev.py COMMAND [arguments of the command]\n\n{rows}"


def require_python(version: tuple[int, ...]) -> None:
    """Refuse an interpreter that is too old for yett."""
    if version < LEAST_PYTHON:
        found = ".".join(str(part) for part in version)
        wanted = ".".join(str(part) for part in LEAST_PYTHON)
        raise Trouble(
            f"this is Python {found}, yett needs {wanted} or newer",
            f"call it with a newer one: python{wanted} dev.py ...",
        )


def run_all(runs: tuple[tuple[str, ...], ...], rest: list[str]) -> int:
    """Run programs of the venv; a single one replaces this process, so that it gets the signals."""
    commands = [[str(VENV / "bin" / run[0]), *run[1:]] for run in runs]
    environment = venv_environment()
    if len(commands) == 1:
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execve(commands[0][0], commands[0] + rest, environment)
    failed = []
    for command in commands:
        print(f"$ {' '.join([Path(command[0]).name, *command[1:]])}", flush=True)
        if subprocess.run(command + rest, cwd=ROOT, env=environment, check=False).returncode:
            failed.append(Path(command[0]).name)
    print("failed: " + ", ".join(failed) if failed else "all clean")
    return 1 if failed else 0


def venv_environment() -> dict[str, str]:
    """Build the environment of the venv, as `activate` would."""
    path = str(VENV / "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    return {**os.environ, "VIRTUAL_ENV": str(VENV), "PATH": path}


# --- the environment ---


def prepare_browser() -> None:
    """Install a browser where root on Debian can; elsewhere its tests say that they are skipped."""
    if any(map(shutil.which, BROWSERS)):
        return
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        print("dev.py: installing a browser for the tests of the sign-in pages", file=sys.stderr)
        install = [apt, "install", "--yes", "--quiet", "--no-install-recommends"]
        if any(quietly([*install, name]) for name in BROWSERS[:2]):
            return
        if quietly([apt, "update"]) and any(quietly([*install, name]) for name in BROWSERS[:2]):
            return
    print(
        "dev.py: no browser was found, so the tests of passkeys in a browser are skipped\n"
        f"hint: sudo apt-get install -y {BROWSERS[0]}",
        file=sys.stderr,
    )


def prepare(group: str) -> None:
    """Make `.venv` hold yett and `group`, unless the stamp says that it already does."""
    wanted, digest = {"", *included(read_groups(), group)}, lock_digest()
    if stamped(digest) >= wanted:
        return
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two bootstraps at once would tear one venv apart
        have = stamped(digest)
        if have >= wanted:
            return
        print(f"dev.py: installing yett ({group or 'runtime'}) into .venv", file=sys.stderr)
        if not install_with_uv(group):
            install_with_pip(group)
        STAMP.write_text(json.dumps({"digest": digest, "groups": sorted(have | wanted)}))


def stamped(digest: str) -> set[str]:
    """Answer the groups that the venv holds at exactly this lock; "" is yett itself."""
    try:
        stamp = json.loads(STAMP.read_text())
        fresh = stamp["digest"] == digest and (VENV / "bin" / "python").exists()
        return set(stamp["groups"]) if fresh else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def lock_digest() -> str:
    """Name what an install depends on: the lock, the project file and this interpreter."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for name in ("pyproject.toml", "uv.lock"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_toml(name: str) -> dict[str, Any]:
    """Read a TOML file of the checkout."""
    import tomllib  # noqa: PLC0415 — from 3.11 on; an older Python must still hear why it will not do

    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def read_groups() -> dict[str, list[Any]]:
    """Read the dependency groups (PEP 735)."""
    groups: dict[str, list[Any]] = read_toml("pyproject.toml")["dependency-groups"]
    return groups


def included(groups: dict[str, list[Any]], group: str) -> set[str]:
    """Name a group and the groups that it includes, at any depth."""
    found = {group}
    for item in groups.get(group, []):
        if isinstance(item, dict):
            found |= included(groups, item["include-group"])
    return found


def requirements(groups: dict[str, list[Any]], group: str) -> list[str]:
    """List the requirements of a group and of those that it includes."""
    names = included(groups, group)
    return [
        item for name in sorted(names) for item in groups.get(name, []) if isinstance(item, str)
    ]


def install_with_uv(group: str) -> bool:
    """Install from the lock with uv; False where uv cannot be had or does not work."""
    uv = find_uv()
    if not uv:
        return False
    chosen = ["--group", group] if group else []
    # --inexact: the demo must not take away what `test` has installed, and the reverse.
    command = [uv, "sync", "--locked", "--inexact", "--quiet", "--no-default-groups", *chosen]
    done = subprocess.run(
        [*command, "--python", sys.executable, "--no-python-downloads"],
        cwd=ROOT,
        env=uv_environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return True
    print(done.stderr, file=sys.stderr)
    if "needs to be updated" in done.stderr:
        raise Trouble("`uv.lock` does not fit `pyproject.toml`", "run `uv lock` and commit both")
    print("dev.py: uv did not manage, trying pip", file=sys.stderr)
    return False


def uv_environment() -> dict[str, str]:
    """Build uv's environment: our venv whatever is active, and pip's certificates."""
    dropped = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    if "PIP_CERT" in kept:  # a proxy that opens TLS: uv has its own list of roots
        kept.setdefault("SSL_CERT_FILE", kept["PIP_CERT"])
    return {**kept, "UV_PROJECT_ENVIRONMENT": str(VENV)}


def find_uv() -> str:
    """Find uv, or install it into the cache; empty where it cannot be had."""
    if os.environ.get("YETT_NO_UV"):  # for the test of the other way, and for who has a reason
        return ""
    tools = str(CACHE / "tools")
    found = shutil.which("uv") or shutil.which("uv", path=f"{tools}/bin")
    if found:
        return found
    # A Debian without python3-venv may still have pip; --target is outside what PEP 668 protects.
    alone = [sys.executable, "-m", "pip", "install", "--quiet", "--target", tools, "uv"]
    venv = [sys.executable, "-m", "venv", tools]
    inside = [f"{tools}/bin/python", "-m", "pip", "install", "--quiet", "uv"]
    if quietly(alone) or (quietly(venv) and quietly(inside)):
        return shutil.which("uv", path=f"{tools}/bin") or ""
    return ""


def quietly(command: list[str]) -> bool:
    """Run a command whose failure has another way out."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install_with_pip(group: str) -> None:
    """Install with venv and pip, at the versions of the lock; pip 23.0 knows no `--group`."""
    make_venv()
    constraints = CACHE / "constraints.txt"
    constraints.write_text("\n".join(locked_versions()) + "\n")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    wanted = ["-e", str(ROOT), *requirements(read_groups(), group)]
    if subprocess.run([*pip, "-c", str(constraints), *wanted], check=False).returncode:
        raise Trouble(
            "pip could not install the dependencies (its own words are above)",
            "is there a way to https://pypi.org from here? behind a proxy set HTTPS_PROXY",
        )


def make_venv() -> None:
    """Make `.venv` with pip in it."""
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if "ensurepip" in done.stdout + done.stderr:
        raise Trouble("this Python has no ensurepip, so it cannot make a venv", APT_LINE)
    lines = (done.stderr or done.stdout).strip().splitlines()
    raise Trouble(
        f"`.venv` could not be made: {lines[-1] if lines else 'no reason given'}", APT_LINE
    )


def locked_versions() -> list[str]:
    """List `name==version` of each package that the lock holds in one version only."""
    versions: dict[str, list[str]] = {}
    for package in read_toml("uv.lock")["package"]:
        if "registry" in package["source"]:
            versions.setdefault(package["name"], []).append(package["version"])
    return [f"{name}=={found[0]}" for name, found in versions.items() if len(found) == 1]


def start() -> NoReturn:
    """Exit with the code of the command."""
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    start()
