"""`yett serve`: the composition root. Compiles the contract, binds, forks, supervises.

The order matters: what can be wrong with the input is found before a socket is bound, sockets are
bound before a process is forked, and `ready` is said when every worker accepts. Exit codes: 0
stopped in order, 2 the input is wrong, 3 something outside failed or requests had to be cut.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click
from msgspec import Struct

import yett
from yett.cli.cores import usable_cores
from yett.cli.descriptors import raise_limit
from yett.cli.doors import Sockets
from yett.cli.folder import in_folder
from yett.cli.forms import text_or_json
from yett.cli.hazards import hazards
from yett.cli.journal import Journal
from yett.cli.operate import Operator
from yett.cli.output import printable
from yett.cli.recording import reachable, run_recorder, runtime_folder, speak_through
from yett.cli.slots import Slot, StartError
from yett.cli.supervise import Supervisor
from yett.cli.worker import Setup, run_worker, served_operations
from yett.contract.errors import ContractError, describe
from yett.engine.program import Program
from yett.gate.approvals import open_desk
from yett.gate.reload import prepare, settle
from yett.state.errors import StateError
from yett.state.locks import shared_file
from yett.state.memory import MemoryView
from yett.wire.errors import SetupError
from yett.wire.listen import Address, bind, local_address, parse_address
from yett.wire.tls import Tls


class Bound(Struct, frozen=True):
    """All listening sockets: one per worker for each listener of the gate that there is.

    `control` is the issuer's, where there is one.
    """

    gate: tuple[socket.socket, ...]
    redirect: tuple[socket.socket, ...]
    mutual: tuple[socket.socket, ...] = ()
    control: tuple[socket.socket, ...] = ()


@click.command("serve")
@in_folder
@click.option("--listen", help="`host:port` instead of `gateway.listen`; port 0 for any free one")
@click.option("--workers", type=click.IntRange(0, 256), help="processes; 0 for one per core")
@text_or_json("of the ready line on stdout and the lifecycle lines on stderr")
@click.pass_obj
def serve(parent: object, listen: str | None, workers: int | None, form: str) -> None:
    """Open the gate: enforce the contract on every request, and record each.

    SIGTERM or Ctrl-C lets requests under way end; a second one stops at once. SIGHUP reloads; a
    changed contract or certificate is noticed by itself.

    Example: yett serve -C contract/ --listen 0.0.0.0:8080
    """
    began = time.time()
    journal = Journal(form)
    speak_through(journal)
    try:
        where = _folder(parent)
        program, address, tls = _read(where, listen)
        count = _workers(program, workers)
        view = MemoryView.from_config(program.policy.config, where, workers=count)
        open_desk(program, where)
        bound = _bind(program, address, count, _setting(listen))
    except ContractError as error:
        for finding in error.findings:
            _say(describe(finding), finding.hint)
        sys.exit(2)
    except SetupError as error:
        _fail(str(error), error.hint, 3 if error.outside else 2)
    except StateError as error:
        _fail(str(error), error.hint, 2)
    setup = Setup(
        folder=where,
        program=program,
        view=view,
        workers=count,
        tls=tls,
        https_port=local_address(bound.gate[0]).port,
        recorder=runtime_folder() / "recorder",
        locks=shared_file(),
        pseudonym="yett-" + secrets.token_hex(8),
        introduction=secrets.token_urlsafe(32).encode(),
        journal=journal,
    )
    short = raise_limit(program.policy.config)
    with _runtime(setup), _supervisor(setup, bound) as supervisor:
        try:
            settle(thorough=False)
            supervisor.start()
        except StartError as error:
            _fail(error.message, error.hint, error.code)
        _announce(setup, bound, form, time.time() - began, short)
        code = supervisor.serve(Operator(supervisor, setup, journal, began))
    sys.exit(code)


def _read(folder: Path, listen: str | None) -> tuple[Program, Address, Tls | None]:
    """Read all input: whatever is wrong with it is found before anything is opened."""
    program = prepare(folder)
    gateway = program.policy.config.gateway
    address = parse_address(listen or gateway.listen, _setting(listen))
    tls = Tls(gateway.tls, folder, time.time()) if gateway.tls else None
    return program, address, tls


def _setting(listen: str | None) -> str:
    return "--listen" if listen else "gateway.listen"


def _workers(program: Program, asked: int | None) -> int:
    wanted = program.policy.config.gateway.workers if asked is None else asked
    return wanted or usable_cores()


def _bind(program: Program, address: Address, count: int, setting: str) -> Bound:
    gate = bind(address, count=count, setting=setting)
    config = program.policy.config.gateway.tls
    builtin = program.policy.config.identity.builtin
    return Bound(
        gate,
        _bind_setting(config.redirect if config else "", "gateway.tls.redirect", count),
        _bind_setting(config.mutual if config else "", "gateway.tls.mutual", count),
        _bind_setting(builtin.listen if builtin else "", "identity.builtin.listen", 1),
    )


def _bind_setting(value: str, setting: str, count: int) -> tuple[socket.socket, ...]:
    """Bind what a setting names; nothing where it names nothing."""
    return bind(parse_address(value, setting), count=count, setting=setting) if value else ()


@contextlib.contextmanager
def _runtime(setup: Setup) -> Iterator[None]:
    """Remove the run's folder at the end; only here, never in a forked child."""
    mine = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == mine:
            shutil.rmtree(setup.recorder.parent, ignore_errors=True)


def _control(setup: Setup, door: socket.socket) -> Slot:
    """Make the slot of the issuer; before the workers, so that they find the keys of its tokens."""
    from yett.cli.control import run_control  # noqa: PLC0415 — only who has an issuer pays for it

    return Slot("control", functools.partial(run_control, setup, door), keeps=(door,), first=True)


def _supervisor(setup: Setup, bound: Bound) -> Supervisor:
    config = setup.program.policy.config
    ledger, door = setup.folder / config.store.ledger, setup.recorder
    recorder = Slot(
        "recorder",
        functools.partial(run_recorder, ledger, door, setup.journal),
        functools.partial(reachable, door),
    )
    workers = [_control(setup, door_of_control) for door_of_control in bound.control]
    for number, gate in enumerate(bound.gate):
        role = f"worker-{number}"
        sockets = Sockets(
            gate,
            bound.redirect[number] if bound.redirect else None,
            bound.mutual[number] if bound.mutual else None,
        )
        run = functools.partial(run_worker, setup, role, sockets)
        workers.append(Slot(role, run, keeps=sockets.all()))
    return Supervisor(
        recorder,
        tuple(workers),
        setup.journal,
        config.gateway.drain_timeout,
        (*bound.gate, *bound.redirect, *bound.mutual, *bound.control),
    )


def _announce(setup: Setup, bound: Bound, form: str, seconds: float, short: str) -> None:
    """Say on stdout what is served; the one line that scripts wait for."""
    policy, address = setup.program.policy, local_address(bound.gate[0])
    url = f"{'https' if setup.tls else 'http'}://{address}"
    listeners = [url]
    if bound.redirect:
        listeners.append(f"http://{local_address(bound.redirect[0])}")
    mutual = ""
    if bound.mutual:
        mutual = f"https://{local_address(bound.mutual[0])}"
        listeners.append(mutual)
    found = hazards(policy, address, setup.tls, setup.folder, time.time())
    found += [short] if short else []
    row = {
        "event": "ready",
        "url": url,
        "listen": listeners,
        "operations": served_operations(setup.program),
        "mode": policy.config.gateway.mode,
        "workers": len(bound.gate),
        "policy": policy.digest[:16],
        "pid": os.getpid(),
        "seconds": round(seconds, 3),
        "hazards": found,
    } | ({"mutual": mutual} if mutual else {})
    if form == "json":
        print(json.dumps(row), flush=True)
    else:
        _print(setup, row, listeners, found)
    _notify("READY=1")


def _print(setup: Setup, row: dict[str, object], listeners: list[str], found: list[str]) -> None:
    print(f"yett {yett.__version__}: {row['operations']} operations, mode {row['mode']}")
    for name, api in setup.program.policy.config.api.items():
        print(f"  api {name} -> {api.upstream}")
    builtin = setup.program.policy.config.identity.builtin
    if builtin is not None:  # by this name alone: at an IP address browsers make no passkeys
        print(f"  people sign in at {builtin.url.rstrip('/')}/account")
    for hazard in found:
        print(f"  hazard {hazard}")
    listening = ", ".join(listeners)
    print(f"ready on {listening} after {row['seconds']} s, {row['workers']} workers", flush=True)


def _notify(state: str) -> None:
    """Tell systemd, when it asked to be told (sd_notify(3))."""
    path = os.environ.pop("NOTIFY_SOCKET", "")
    if not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, contextlib.suppress(OSError):
        line.sendto(state.encode(), "\0" + path[1:] if path[0] == "@" else path)


def _folder(parent: object) -> Path:
    """Take the folder that `-C` of the parent command left: a path, or an object that has one."""
    folder = getattr(parent, "folder", parent)
    return Path(folder) if isinstance(folder, (str, Path)) else Path()


def _fail(message: str, hint: str, code: int) -> NoReturn:
    _say(message, hint)
    sys.exit(code)


def _say(message: str, hint: str) -> None:
    click.echo(printable(message), err=True)
    if hint:
        click.echo(printable(f"hint: {hint}"), err=True)
