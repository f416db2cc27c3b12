"""`yett user passkeys|sessions|link`: how one person gets in, seen and ended from outside.

Part of the group in `user.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from yett.cli import user_view as view
from yett.cli.account_place import opened, operator
from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.folder import in_folder
from yett.cli.forms import text_or_json
from yett.issuer import people, sessions
from yett.issuer.lifecycle.compromise import known_user
from yett.issuer.lifecycle.ending import note_user
from yett.issuer.server import Server
from yett.state.accounts.passkeys import list_passkeys, revoke_passkey
from yett.state.accounts.sessions import list_sessions

Find = Callable[[], Path]
form_option = text_or_json("for people or for programs")
who = click.argument("name", metavar="USER")


@click.command("passkeys")
@who
@click.option("--revoke", "gone", metavar="ID", help="a passkey that was lost")
@form_option
@in_folder
@click.pass_obj
def passkeys_command(find: Find, /, name: str, gone: str | None, form: str) -> None:
    """List somebody's passkeys, or revoke one.

    Example: yett user passkeys ana@example.com --revoke bG9zdA
    """
    with opened(find()) as server:
        if gone is not None:
            server.store.write(lambda tx: _revoke(server, tx, name, gone))
        with server.store.read() as tx:
            rows = view.passkeys(list_passkeys(tx, known_user(tx, name).id))
    view.show_rows(rows, form)


@click.command("sessions")
@who
@click.option("--end", "gone", metavar="ID", help="a session to end")
@click.option("--end-all", is_flag=True, help="end them all")
@form_option
@in_folder
@click.pass_obj
def sessions_command(
    find: Find,
    /,
    name: str,
    gone: str | None,
    end_all: bool,
    form: str,
) -> None:
    """List where somebody is signed in, or end it; their tokens end within a second.

    Example: yett user sessions ana@example.com --end-all
    """
    with opened(find()) as server:
        if gone is not None or end_all:
            ended = server.store.write(lambda tx: _end(server, tx, name, gone))
            click.echo(f"{printable(name)}: {ended} sessions ended", err=True)
        with server.store.read() as tx:
            rows = view.sessions(list_sessions(tx, known_user(tx, name).id, server.clock()))
    view.show_rows(rows, form)


@click.command("link")
@who
@click.option("--provider", required=True, help="its name in yett.toml")
@click.option("--subject", required=True, help="the person's `sub` there, exactly")
@click.option("--remove", is_flag=True, help="take the link away")
@in_folder
@click.pass_obj
def link_command(
    find: Find,
    /,
    name: str,
    provider: str,
    subject: str,
    remove: bool,
) -> None:
    """Say who somebody is at an outside provider; they can sign in there from now on.

    Nobody is ever linked by an e-mail address.

    Example: yett user link ana@example.com --provider corp --subject 248289761001
    """
    act = people.unlink_by_hand if remove else people.link_by_hand
    with opened(find()) as server:
        server.store.write(
            lambda tx: act(server, tx, known_user(tx, name), provider, subject, by=operator())
        )
    done = "no longer" if remove else "now"
    click.echo(f"{printable(name)} is {done} `{printable(subject)}` of {provider}", err=True)


def _revoke(server: Server, tx: Any, name: str, gone: str) -> None:
    found, now = known_user(tx, name), server.clock()
    if not revoke_passkey(tx, found.id, gone, now):
        hint = f"`yett user passkeys {found.login}` shows them"
        fail(2, f"`{found.login}` has no passkey `{printable(gone)}`", hint)
    text = f"{gone}, by {operator()}"
    note_user(server, tx, "passkey-revoked", found, now=now, text=text)
    for one in list_sessions(tx, found.id, now):  # it may have been stolen with its device
        reason = "a passkey was revoked"
        sessions.end(server, tx, one, reason=reason, by=operator(), now=now)


def _end(server: Server, tx: Any, name: str, gone: str | None) -> int:
    found, now = known_user(tx, name), server.clock()
    ending = [one for one in list_sessions(tx, found.id, now) if gone in (None, one.id)]
    if gone is not None and not ending:
        hint = f"`yett user sessions {found.login}` shows them"
        fail(2, f"`{found.login}` has no session `{printable(gone)}`", hint)
    for one in ending:
        reason = "ended by an administrator"
        sessions.end(server, tx, one, reason=reason, by=operator(), now=now)
    return len(ending)
