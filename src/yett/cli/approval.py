"""`yett approval`: what waits for approval on this host: list it, look at it, cancel it.

Nobody approves here: who sits at the host has proved nothing to the gate. Reads the file of
approvals and nothing else of a contract (`verify`: the ledger); a cancellation is in the ledger
within seconds, or when the gate runs again. Exit codes: 0 fine, 2 the input is wrong, 3 something
outside failed.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yett.cli.approval_verify import verify_command
from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.folder import folder_later, in_folder
from yett.cli.forms import text_or_json
from yett.cli.settings import named_path

if TYPE_CHECKING:
    from yett.engine.approvals import Approval
    from yett.state.approvals import Approvals

DEFAULT_FILE = "var/approvals.db"

form_option = text_or_json("for people or for programs")

Find = Callable[[], Path]


@click.group("approval")
@in_folder
@click.pass_context
def approval(ctx: click.Context) -> None:
    """List, show and cancel requests that wait for approval; verify who has approved.

    Approving takes a credential: `/approvals` of the issuer, in a browser, or
    `POST /.well-known/yett/approvals/ID` at the gate.

    Example: yett approval list
    """
    folder = folder_later(ctx)
    ctx.obj = lambda: named_path(folder(), "authz", "approvals", DEFAULT_FILE)


approval.add_command(verify_command)


@approval.command("list")
@form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List what waits: who asked for what, how many must still approve.

    Example: yett approval list --format json
    """
    now = time.time()
    with _explained():
        found = _ask(_existing(find()), "", now)
    if form == "json":
        click.echo(json.dumps([_object(one, now) for one in found], indent=1))
        return
    for one in found:
        request = json.loads(one.frozen.text)
        click.echo(
            f"{one.id}  {one.state:8}  {one.missing()} to approve  "
            f"{max(0, int(one.expires - now))} s left  {printable(one.requester.id)}  "
            f"{printable(one.operation)}  {printable(request['method'])} "
            f"{printable(request['target'])}"
        )
    if not found:
        click.echo("nothing waits for approval", err=True)


@approval.command("show")
@click.argument("identifier", metavar="ID")
@form_option
@in_folder
@click.pass_obj
def show_command(find: Find, identifier: str, form: str) -> None:
    """Show a request as approvers see it, and who said what.

    Example: yett approval show 0dbb08204805213623ac0f6716168c96
    """
    now = time.time()
    with _explained():
        found = _ask(_existing(find()), identifier, now)
    if not found or not identifier:
        fail(2, f"there is no approval `{printable(identifier)}`", "`yett approval list` has them")
    shown = _object(found[0], now)
    if form == "json":
        click.echo(json.dumps(shown, indent=1))
        return
    request = shown.pop("request")
    for name, value in (*shown.items(), *request.items()):
        click.echo(f"{name:12} {printable(value if isinstance(value, str) else json.dumps(value))}")


@approval.command("refuse")
@click.argument("identifier", metavar="ID")
@in_folder
@click.pass_obj
def refuse_command(find: Find, identifier: str) -> None:
    """Cancel a request that waits, or that is approved and was not run yet.

    Example: yett approval refuse 0dbb08204805213623ac0f6716168c96
    """
    with _explained():
        reason = _store(_existing(find())).cancel(identifier, time.time())
    if reason:
        fail(2, f"`{printable(identifier)}`: {reason}", "`yett approval list` shows what is open")
    click.echo(f"{identifier} is cancelled", err=True)


def _existing(path: Path) -> Path:
    if not path.exists():
        hint = "`yett serve` makes it where an operation has `sensitive: {approvals: ...}`"
        fail(2, f"{path}: there is no file of approvals", hint)
    return path


def _store(path: Path) -> Approvals:
    from yett.state.approvals import Approvals  # noqa: PLC0415 — loads the engine; only when asked

    return Approvals(path)


def _ask(path: Path, identifier: str, now: float) -> tuple[Approval, ...]:
    from yett.engine.approvals import FindApprovals  # noqa: PLC0415 — as above

    found: tuple[Approval, ...] = _store(path).answer(FindApprovals(now, identifier))
    return found


def _object(one: Approval, now: float) -> dict[str, Any]:
    return {
        "approval": one.id,
        "digest": one.frozen.digest,
        "state": one.state,
        "needed": one.missing(),
        "expires_in": max(0, int(one.expires - now)),
        "body": one.frozen.shown,
        "votes": [
            {
                "by": vote.voter.id,
                "approve": vote.approve,
                "time": vote.time,
                "signed": bool(vote.evidence),
            }
            for vote in one.votes
        ],
        "request": json.loads(one.frozen.text),
    }


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    from yett.state.errors import StateError  # noqa: PLC0415 — as above

    try:
        yield
    except StateError as error:
        fail(2, str(error), error.hint)
    except sqlite3.Error as error:
        fail(3, f"the file of approvals cannot be used: {error}", "is it one that yett wrote?")
