"""The stage: two equal portals and a real `yett serve` before one of them, in a temporary folder.

The second portal stands alone, so that each request can be shown without a gate. Everything listens
on 127.0.0.1, on free ports, and ends with the demo.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

import yett
from yett.cli.demo.accounts import AccountError
from yett.cli.demo.house import House
from yett.cli.demo.people import Issuer, Json, credentials
from yett.cli.demo.traffic import HOST

START_SECONDS = 20.0
STOP_SECONDS = 8.0
POLL_SECONDS = 0.02
WRITTEN_UPSTREAM = "http://127.0.0.1:8000"
WRITTEN_GATE = "http://localhost:8080"
WRITTEN_ISSUER = "127.0.0.1:8090"


class StageError(Exception):
    """What keeps the demo from starting, with the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Stage(Struct, frozen=True, kw_only=True):
    """Where everything runs.

    Args:
        contract: the folder that the gate reads.
        gate: port of the gate.
        portal: port of the portal behind it.
        alone: port of the portal without a gate.
        arrivals: the access log of the portal behind the gate.
        people: name -> the header line of their credential.
        house: who signs in at yett itself.
    """

    contract: Path
    gate: int
    portal: int
    alone: int
    arrivals: Path
    people: dict[str, tuple[str, str]]
    house: House | None = None


class Running(Struct, frozen=True):
    """A process that was started, and where it writes."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path


def find_portal() -> Path:
    """Find the example: beside this checkout's sources, or below the current folder."""
    for root in (Path(yett.__file__).resolve().parents[2], Path.cwd()):
        if (root / "examples/portal/contract/yett.toml").is_file():
            return root / "examples/portal"
    raise StageError(
        "the sample portal is not installed with yett, only kept beside its sources",
        "clone the repository and run `python3 dev.py demo` in it",
    )


@contextlib.contextmanager
def set_stage(folder: Path) -> Iterator[Stage]:
    """Start everything, and end it whatever happens.

    Args:
        folder: an empty folder for databases, logs, the contract and the ledger.

    Raises:
        StageError: something is missing or did not come up.
    """
    portal = find_portal()
    started: list[Running] = []
    try:
        started += [_start_portal(name, portal, folder) for name in ("portal", "alone")]
        gate = free_port()
        contract = _write_contract(portal, folder, started[0].port, gate)
        issuer = Issuer()
        (contract / "jwks.json").write_text(json.dumps(issuer.jwks()))
        house = House(lambda *words: _ask_yett(contract, *words), gate)
        people = _invite(contract, issuer, house)
        started.append(_start_gate(contract, folder, gate))
        for running in started:
            _await(running)
        house.settle([folder / "portal", folder / "alone"])
        yield Stage(
            contract=contract,
            gate=gate,
            portal=started[0].port,
            alone=started[1].port,
            arrivals=started[0].log,
            people=people | house.people,
            house=house,
        )
    except AccountError as error:
        hint = "`python3 dev.py test`: it shows what is wrong with the issuer"
        raise StageError(f"nobody could sign in: {error}", hint) from error
    finally:
        _stop(started)


def _start_portal(name: str, portal: Path, folder: Path) -> Running:
    port = free_port()
    command = ["uvicorn", "--app-dir", str(portal), "portal.app:app", "--port", str(port)]
    environment = {**os.environ, "PORTAL_DATA": str(folder / name), "PYTHONUNBUFFERED": "1"}
    return _start(name, [*command, "--http", "httptools"], port, folder, environment)


def _start_gate(contract: Path, folder: Path, port: int) -> Running:
    command = ["yett.cli", "-C", str(contract), "serve", "--listen", f"{HOST}:{port}"]
    return _start("gate", command, port, folder, dict(os.environ))


def _start(
    name: str, module: list[str], port: int, folder: Path, environment: dict[str, str]
) -> Running:
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        # A session of its own: Ctrl-C must reach the demo alone, which then ends them in order.
        process = subprocess.Popen(  # noqa: S603 — our own interpreter and modules
            [sys.executable, "-m", *module],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    return Running(name, process, port, log)


def _write_contract(portal: Path, folder: Path, port: int, gate: int) -> Path:
    """Copy the contract; only the ports differ from what is kept in the repository."""
    contract = folder / "contract"
    shutil.copytree(portal / "contract", contract)
    settings = contract / "yett.toml"
    text = settings.read_text()
    if (text.count(WRITTEN_UPSTREAM), text.count(WRITTEN_ISSUER)) != (1, 1):
        raise StageError("the portal's yett.toml was changed", "`git checkout examples/portal`")
    text = text.replace(WRITTEN_UPSTREAM, f"http://{HOST}:{port}")
    text = text.replace(WRITTEN_GATE, f"http://localhost:{gate}")
    settings.write_text(text.replace(WRITTEN_ISSUER, f"{HOST}:{free_port()}"))
    return contract


def _invite(contract: Path, issuer: Issuer, house: House) -> dict[str, tuple[str, str]]:
    """Have keys, accounts and clients made, as an operator would."""
    people = credentials(
        issuer,
        accounting=_issue_key(contract, "accounting", "reports:read"),
        kiosk=_issue_key(contract, "kiosk", "profile:write"),
    )
    house.invite()
    return people


def _issue_key(contract: Path, owner: str, scope: str) -> str:
    """Issue an API key as an operator would; the only copy is what the command prints."""
    return str(_ask_yett(contract, "key", "issue", "--owner", owner, "--scope", scope)["key"])


def _ask_yett(contract: Path, *arguments: str) -> Json:
    """Run a command and read its JSON."""
    done = run_yett(contract, *arguments, "--format", "json")
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        words = " ".join(arguments[:2])
        raise StageError(f"`yett {words}` failed: {said}", f"run `yett -C {contract} check`")
    found: Json = json.loads(done.stdout)
    return found


def run_yett(contract: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of yett's own commands on the demo's contract."""
    return subprocess.run(  # noqa: S603 — our own interpreter and module
        [sys.executable, "-m", "yett.cli", "-C", str(contract), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def _await(running: Running) -> None:
    """Wait until it listens; a bare connection, so that no request is counted."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if running.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((HOST, running.port), 1.0):
            return
        time.sleep(POLL_SECONDS)
    lines = running.log.read_text(errors="replace").strip().splitlines()
    said = lines[-1] if lines else "it said nothing"
    hint = "run `python3 dev.py demo`, which installs what the portal needs"
    raise StageError(f"the {running.name} did not start: {said}", hint)


def _stop(started: list[Running]) -> None:
    """End the gate first, so that it has a portal until its last request."""
    for running in reversed(started):
        running.process.terminate()
        try:
            running.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()


def free_port() -> int:
    """Ask the system for a port nobody uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
