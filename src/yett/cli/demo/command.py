"""`yett demo`: the sample portal behind the gate, honest people, attackers, and the evidence.

Exit codes: 0 everything that had to be stopped was stopped and everything honest passed, 1 not so,
3 the demo could not be set up.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import threading
from pathlib import Path

import click
from rich.console import Console

from yett.cli.demo import evidence, report
from yett.cli.demo.attacks import ACTS
from yett.cli.demo.attacks_records import MOMENTS, RECORDS
from yett.cli.demo.attacks_tokens import MONEY, TOKENS
from yett.cli.demo.holes import HOLES
from yett.cli.demo.house import PEOPLE
from yett.cli.demo.play import Player, Probed, Struck, Visited
from yett.cli.demo.stage import Stage, StageError, set_stage
from yett.cli.demo.traffic import HOST
from yett.cli.demo.visits import VISITS

SHOWN_CODES = ("undeclared-path", "no-such-record")
EXPLAINED = (RECORDS, MOMENTS, MONEY, TOKENS)


@click.command("demo")
@click.option("--exit", "leave", is_flag=True, help="end when everything was shown")
@click.option("--no-color", "plain", is_flag=True, help="print without colours")
def demo(*, leave: bool, plain: bool) -> None:
    """Show the gate at work before a sample portal, with real attacks.

    Example: yett demo --exit
    """
    console = report.make_console(colour=not plain)
    # SIGTERM must end what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        folder = tempfile.TemporaryDirectory(prefix="yett-demo-")
        with folder as name, set_stage(Path(name)) as stage:
            good = _tell(console, stage)
            if not leave:
                _stay(console, stage)
        sys.exit(0 if good else 1)
    except StageError as error:
        click.echo(f"error: {error.message}\nhint: {error.hint}", err=True)
        sys.exit(3)


def _tell(console: Console, stage: Stage) -> bool:
    """Play everything and print it; answers whether all of it went as it must."""
    _introduce(console, stage)
    player = Player(stage)
    player.begin(tuple(attack for act in ACTS for attack in act.attacks))
    try:
        visits = _play_visits(console, player)
        strikes = _play_attacks(console, player)
        probes = _play_holes(console, player)
    finally:
        player.close()
    found = evidence.gather(stage, player.sent)
    _prove(console, stage, strikes, found)
    return _sum_up(console, (visits, strikes, probes), player.sent, found)


def _introduce(console: Console, stage: Stage) -> None:
    report.title(console, "yett demo")
    console.print(f"  the gate    http://{HOST}:{stage.gate}  `yett serve` with one contract")
    console.print(f"  the portal  http://{HOST}:{stage.portal}  behind it: FastAPI, with holes")
    console.print(f"  its twin    http://{HOST}:{stage.alone}  the same portal, without a gate")
    console.print(f"  its people  {', '.join(PEOPLE)}: invited, enrolled with passkeys, signed in")


def _play_visits(console: Console, player: Player) -> list[Visited]:
    report.title(console, "honest people at work")
    results = []
    for visit in VISITS:
        results.append(player.visit(visit))
        report.visited(console, results[-1])
    return results


def _play_attacks(console: Console, player: Player) -> list[Struck]:
    report.title(console, "attackers at the gate")
    results = []
    for act in ACTS:
        report.subtitle(console, act.title)
        for attack in act.attacks:
            results.append(player.strike(attack))
            report.struck(console, results[-1])
    return results


def _play_holes(console: Console, player: Player) -> list[Probed]:
    report.title(console, "what this version does not stop")
    results = []
    for hole in HOLES:
        results.append(player.probe(hole))
        report.probed(console, results[-1])
    return results


def _prove(console: Console, stage: Stage, strikes: list[Struck], found: evidence.Evidence) -> None:
    """Show some records of attacks, and that the ledger is whole."""
    report.title(console, "the record")
    for code in SHOWN_CODES:
        request = next(
            (s.last.field("yett-request-id") for s in strikes if s.last.code == code), ""
        )
        if request:
            shown = evidence.show(stage, request)
            report.command(console, f"yett audit show {request}", shown)
    report.command(console, "yett audit verify", found.report)
    _explain(console, strikes, found)


def _explain(console: Console, strikes: list[Struck], found: evidence.Evidence) -> None:
    """Say why, as operators read it; the caller got a request id and no more."""
    report.subtitle(console, "why, for operators alone")
    mine = {attack.says for act in EXPLAINED for attack in act.attacks}
    for strike in strikes:
        why = found.why.get(strike.last.field("yett-request-id"), "")
        if strike.attack.says in mine and why:
            report.explained(console, strike.attack.ask, why)


def _sum_up(
    console: Console,
    results: tuple[list[Visited], list[Struck], list[Probed]],
    sent: int,
    found: evidence.Evidence,
) -> bool:
    visits, strikes, probes = results
    passed, stopped = sum(v.passed for v in visits), sum(s.stopped for s in strikes)
    harmed, still = sum(s.harmed for s in strikes), sum(p.open for p in probes)
    due = sum(v.visit.arrives for v in visits) + sum(s.arrives for s in strikes) + still
    checks = [
        ("honest requests passed", f"{passed} of {len(visits)}", passed == len(visits)),
        ("attacks stopped", f"{stopped} of {len(strikes)}", stopped == len(strikes)),
        ("requests that reached it", f"{found.arrivals}, {due} should have", found.arrivals == due),
        ("requests on record", f"{found.records} of {sent}", found.records == sent),
        ("the ledger", "chain whole" if found.verified else "broken", found.verified),
    ]
    report.title(console, "in short")
    report.rows(console, checks)
    console.print(f"      {'the portal without a gate':<28}came to harm {harmed} times")
    console.print(f"      {'not stopped yet':<28}{still} of {len(probes)}")
    console.print("\n  next: README.md, docs/life-of-a-request.md, examples/portal/contract/")
    return all(good for _, _, good in checks)


def _stay(console: Console, stage: Stage) -> None:
    """Leave everything running until Ctrl-C."""
    name, value = stage.people["ada"]
    address = f"http://{HOST}:{stage.gate}"
    report.title(console, "your turn")
    console.print(f"  ADA='{name}: {value}'")
    console.print(f'  curl -i {address}/bookings -H "$ADA"')
    console.print(f"  curl -i {address}/v1/users")
    console.print(f'  curl -i "{address}/search?q=1%27%20OR%201=1--" -H "$ADA"')
    console.print(f"  yett -C {stage.contract} audit search --verdict refuse")
    console.print(f"  yett -C {stage.contract} user add you --role customer   # open the link")
    console.print("\n  Ctrl-C ends the gate and the portal.")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
