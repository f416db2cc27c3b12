"""`yett token`: revoke what was issued, take a revocation back, list them, look at a credential.

A revocation names an identifier, never the text of a token: a valid token has several spellings.
Every worker refuses it within one second. Exit codes: 0 fine, 1 the gate would refuse what was
inspected, 2 the input is wrong, 3 something outside failed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy import Connection

from yett.cli.account_place import opened, operator
from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.folder import folder_later, in_folder
from yett.cli.forms import text_or_json
from yett.cli.namesakes import is_unknown, meant
from yett.cli.token_place import opened_store, settings_of
from yett.cli.token_view import MAX_TOKEN_BYTES, inspect, shown_lines
from yett.cli.when import read_time
from yett.issuer.lifecycle.compromise import end_compromised
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import KINDS, Revoked, in_force, lift, revoke
from yett.terms import Event

EXIT_REFUSED = 1
form_option = text_or_json("for people or for programs")
reason_option = click.option("--reason", default="", help="why, for the record")

Find = Callable[[], Path]


@click.group("token")
@in_folder
@click.pass_context
def token(ctx: click.Context) -> None:
    """Revoke tokens, sessions and whole accounts; look at a credential.

    Example: yett token revoke --sid Vx3r0PqL
    """
    ctx.obj = folder_later(ctx)


@token.command("revoke")
@click.option("--sub", metavar="ID", help="a subject: all that names it")
@click.option("--client", metavar="ID", help="a client: all that was issued to it")
@click.option("--sid", metavar="ID", help="a session: all that came from it")
@click.option("--jti", metavar="ID", help="one token")
@click.option("--kid", metavar="ID", help="a signing key: all that it signed; say whose: --issuer")
@click.option("--grant", metavar="ID", help="a family of tokens")
@click.option("--key", metavar="ID", help="an API key; `yett key revoke` marks its record as well")
@click.option("--issuer", default="", help="only what this issuer vouched for")
@click.option("--before", metavar="TIME", help="only what was issued before: `now`, `2h`, a date")
@click.option("--user", metavar="LOGIN", help="an account of yett's own issuer, --compromised")
@click.option("--compromised", is_flag=True, help="end all that --user holds, at once")
@click.option("--passkeys", is_flag=True, help="with --compromised: passkeys and password, too")
@reason_option
@in_folder
@click.pass_obj
def revoke_command(
    find: Find,
    /,
    *,
    issuer: str,
    before: str | None,
    user: str | None,
    compromised: bool,
    passkeys: bool,
    reason: str,
    **names: str | None,
) -> None:
    """Refuse what an identifier names, in every worker within a second, also after restarts.

    Without --before it is refused whenever it was issued, until `yett token restore`.

    Example: yett token revoke --user ana@example.com --compromised

    Of another issuer: yett token revoke --sub ana --before now --reason "laptop stolen"
    """
    given = [(kind, value) for kind in KINDS if (value := names[kind]) is not None]
    if user is not None or compromised or passkeys:
        if user is None or not compromised or given or issuer or before:
            fail(2, "an account is ended by --user LOGIN --compromised", "[--passkeys] [--reason]")
        _end_account(find(), user, reason or "compromised", passkeys=passkeys)
        return
    if len(given) != 1:
        fail(2, "one identifier is revoked at a time", "one of --" + ", --".join(KINDS))
    kind, value = given[0]
    now = time.time()
    with opened_store(find()) as store:
        cut = _moment(before, now)

        def work(tx: Connection) -> int:
            number = revoke(
                tx, kind, value, now=now, reason=reason, by=operator(), issuer=issuer, before=cut
            )
            _note(tx, "token-revoked", f"{number}: {kind} {value}, {reason}", now, issuer)
            return number

        number = store.write(work)
        with store.read() as tx:
            ids, unknown = meant(tx, kind, value), is_unknown(tx, kind, value)
    since = "" if cut is None else f" issued before {_date(cut)}"
    click.echo(f"revocation {number}: {kind} `{printable(value)}`{since} is refused", err=True)
    if not issuer and (ids or unknown):
        _warn(number, kind, value, ids)


@token.command("restore")
@click.argument("number", type=click.IntRange(1))
@reason_option
@in_folder
@click.pass_obj
def restore_command(find: Find, number: int, reason: str) -> None:
    """Take a revocation back that was a mistake; it stays in the record.

    It brings no ended session, grant, key or account back.

    Example: yett token restore 17 --reason "the wrong ana"
    """
    now = time.time()
    with opened_store(find()) as store:

        def work(tx: Connection) -> Revoked | None:
            row = lift(tx, number, now=now, reason=reason, by=operator())
            if row is not None:
                text = f"{number}: {row.kind} {row.value}, {reason}"
                _note(tx, "token-restored", text, now, row.issuer)
            return row

        row = store.write(work)
    if row is None:
        fail(2, f"no revocation {number} is in force", "`yett token list` shows those that are")
    click.echo(f"revocation {number}: {row.kind} `{printable(row.value)}` is taken back", err=True)


@token.command("list")
@form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List the revocations in force in the store; those of var/revoked.json stand there.

    Example: yett token list --format json
    """
    with opened_store(find()) as store, store.read() as tx:
        rows = in_force(tx, time.time())
    if form == "json":
        click.echo(json.dumps([msgspec.to_builtins(row) for row in rows], indent=1))
        return
    for row in rows:
        cut = f" issued before {_date(row.before)}" if row.before is not None else ""
        of = f" of {printable(row.issuer)}" if row.issuer else ""
        until = f", until {_date(row.expires)}" if row.expires else ""
        click.echo(
            f"{row.number:>6}  {_date(row.at)}  {row.kind:6}  {printable(row.value)}{of}{cut}"
            f"{until}  {printable(row.reason) or '-'}  by {printable(row.by)}"
        )
    if not rows:
        click.echo("nothing is revoked", err=True)


@token.command("inspect")
@form_option
@in_folder
@click.pass_obj
def inspect_command(find: Find, form: str) -> None:
    """Read a credential from standard input, and say what it is and what the gate makes of it.

    Its signature is never printed. Keys of an issuer are fetched as the gate would.

    Example: yett token inspect < token.txt
    """
    text = sys.stdin.buffer.read(MAX_TOKEN_BYTES + 1).rstrip(b"\r\n")
    if not text.strip() or len(text) > MAX_TOKEN_BYTES:
        fail(2, "there is no credential on standard input", "pipe one in: it stands in no history")
    folder = find()
    found = inspect(text, settings_of(folder), folder, time.time())
    if form == "json":
        click.echo(json.dumps(found, indent=1))
    else:
        for line in shown_lines(found):
            click.echo(line)
    if not found["accepted"]:
        sys.exit(EXIT_REFUSED)


def _end_account(folder: Path, login: str, reason: str, *, passkeys: bool) -> None:
    with opened(folder) as server:
        user, ended = end_compromised(
            server, login, by=operator(), reason=reason, passkeys=passkeys
        )
    fields: dict[str, Any] = msgspec.to_builtins(ended)
    counts = ", ".join(f"{len(ids)} {name}" for name, ids in fields.items())
    click.echo(f"account {user.id} ({printable(user.login)}): ended {counts}", err=True)


def _warn(number: int, kind: str, value: str, ids: tuple[str, ...]) -> None:
    """Say that an id which nobody has stops nobody, and which one was probably meant."""
    click.echo(f"warning: nothing here has the {kind} id `{printable(value)}`", err=True)
    again = " or ".join(f"`yett token revoke --{kind} {one}`" for one in ids)
    hint = again or "`yett client list` and `yett service list` show ids"
    click.echo(f"hint: {hint}; `yett token restore {number}` takes this one back", err=True)


def _moment(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    moment = now if text == "now" else read_time(text, now)
    if moment is None:
        fail(2, f"`{printable(text)}` is no time", "`now`, `2h`, `7d`, or `2026-11-22T10:00`")
    return moment


def _note(tx: Connection, kind: str, text: str, now: float, issuer: str) -> None:
    note(tx, Event(time=now, request="", kind=kind, issuer=issuer, client=operator(), note=text))


def _date(moment: float | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
