"""How people are shown: a line each, whole, or as JSON; never a secret, a hash or a public key."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import click
import msgspec
from sqlalchemy import Connection

from yett.cli.audit_view import printable
from yett.issuer.account.ways import ways_of
from yett.issuer.enrol import INVITATION_SECONDS
from yett.issuer.lifecycle.ending import Ended
from yett.issuer.server import Server
from yett.state.accounts.links import links_of
from yett.state.accounts.passkeys import Passkey, list_passkeys
from yett.state.accounts.sessions import Session, list_sessions
from yett.state.accounts.users import User

HIDDEN = ("password", "profile")
Row = dict[str, Any]


def fields_of(user: User) -> Row:
    """Return what may be shown of an account."""
    fields: Row = msgspec.to_builtins(user)
    kept = {name: value for name, value in fields.items() if name not in HIDDEN}
    return {**kept, "has_password": bool(user.password)}


def line_of(user: User) -> str:
    """Write an account in one line."""
    roles = " ".join(user.roles) or "-"
    seen = day(user.active) if user.active else "never"
    name = printable(user.name) or "-"
    return f"{user.id}  {user.status:8}  seen {seen:10}  {printable(user.login)}  {roles}  {name}"


def whole(server: Server, tx: Connection, user: User, now: float) -> Row:
    """Return an account with its ways in and where it is signed in."""
    ways = ways_of(server, tx, user)
    return {
        **fields_of(user),
        "passkeys": passkeys(list_passkeys(tx, user.id)),
        "recovery_codes": ways.codes,
        "links": [{"issuer": one.issuer, "subject": one.subject} for one in links_of(tx, user.id)],
        "sessions": sessions(list_sessions(tx, user.id, now)),
    }


def lines_of(shown: Row) -> Iterable[str]:
    """Write an account with all that belongs to it."""
    for name in ("id", "login", "name", "email", "status", "tenant", "external"):
        if shown[name]:
            yield f"{name + ':':16}{printable(shown[name])}"
    yield f"{'roles:':16}{' '.join(shown['roles']) or '-'}"
    for name in ("created", "active", "warned", "disabled"):
        if shown[name]:
            yield f"{name + ':':16}{moment(shown[name])}"
    yield f"{'password:':16}{'yes' if shown['has_password'] else 'no'}"
    yield f"{'recovery codes:':16}{shown['recovery_codes']}"
    for name in ("passkeys", "links", "sessions"):
        yield f"{name}:" + ("" if shown[name] else " none")
        yield from (f"  {row_text(row)}" for row in shown[name])


def passkeys(found: Iterable[Passkey]) -> list[Row]:
    """Return passkeys as rows, without their keys."""
    return [
        {
            "id": one.id,
            "label": one.label,
            "created": one.created,
            "used": one.used,
            "synced": one.backup_eligible,
            "aaguid": one.aaguid,
        }
        for one in found
    ]


def sessions(found: Iterable[Session]) -> list[Row]:
    """Return sessions as rows, without the digests of their cookies."""
    return [
        {
            "id": one.id,
            "acr": one.acr,
            "amr": list(one.amr),
            "auth_time": one.auth_time,
            "seen": one.seen,
            "expires": one.expires,
            "source": one.source,
            "agent": one.agent,
        }
        for one in found
    ]


def show_rows(rows: list[Row], form: str) -> None:
    """Print rows."""
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(row_text(row))


def row_text(row: Row) -> str:
    """Write a row in one line: its first value, then the others by name."""
    first, *rest = [(name, value) for name, value in row.items() if value not in ("", 0.0, [])]
    return "  ".join((printable(str(first[1])), *(f"{n} {_text(n, v)}" for n, v in rest)))


def hand_over(user: User, link: str, form: str) -> None:
    """Print a link once; what is no secret goes to standard error, so that pipes get the link."""
    if form == "json":
        click.echo(json.dumps({**fields_of(user), "link": link}, indent=1))
        return
    click.echo(link)
    hours = int(INVITATION_SECONDS // 3600)
    text = f"for {printable(user.login)} ({user.id}), good once and for {hours} hours"
    click.echo(f"{text}; it is shown once", err=True)


def counted(ended: Ended) -> str:
    """Say how many of what were ended."""
    fields: Row = msgspec.to_builtins(ended)
    return ", ".join(f"{len(ids)} {name}" for name, ids in fields.items() if name != "passkeys")


def day(when: float) -> str:
    """Write a day."""
    return time.strftime("%Y-%m-%d", time.gmtime(when))


def moment(when: float) -> str:
    """Write a moment."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(when))


def _text(name: str, value: Any) -> str:
    if name in ("created", "used", "auth_time", "seen", "expires"):
        return moment(value)
    return printable(" ".join(value) if isinstance(value, list) else str(value))
