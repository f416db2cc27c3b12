"""`yett user`: people who sign in at yett's own issuer: invited, listed, disabled, given roles.

Works while `yett serve` runs and while it does not: both use the store. A link to enrol is printed
once, on standard output, and nothing else is. Exit codes: 0 fine, 2 the input is wrong, 3 something
outside failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from yett.cli import user_view as view
from yett.cli.account_place import opened, operator
from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.folder import folder_later, in_folder
from yett.cli.forms import text_or_json
from yett.cli.key_place import known
from yett.cli.user_access import link_command, passkeys_command, sessions_command
from yett.issuer import people
from yett.issuer.lifecycle.compromise import known_user
from yett.issuer.lifecycle.ending import Ended, disable_user
from yett.issuer.lifecycle.keys import mark_keys, read_keys
from yett.issuer.server import Server
from yett.state.accounts.users import User

Find = Callable[[], Path]
form_option = text_or_json("for people or for programs")
role_option = click.option("--role", "roles", multiple=True, help="a role; may be repeated")
who = click.argument("name", metavar="USER")


@click.group("user")
@in_folder
@click.pass_context
def user(ctx: click.Context) -> None:
    """Invite people, list and disable them, and give them roles.

    USER is a login name or an id.

    Example: yett user add ana@example.com --role clerk
    """
    ctx.obj = folder_later(ctx)


@user.command("add")
@click.argument("login")
@click.option("--name", default="", help="what the person is called")
@click.option("--email", default="", help="for display; it signs nobody in")
@role_option
@click.option("--tenant", default="", help="the tenant they belong to")
@form_option
@in_folder
@click.pass_obj
def add_command(find: Find, /, login: str, form: str, **fields: Any) -> None:
    """Invite somebody, and print the link with which they make a passkey.

    The link is good once, for a day. Send it to nobody else.

    Example: yett user add ana@example.com --name "Ana Lima" --role clerk
    """
    with opened(find()) as server:
        _known_roles(server, fields["roles"])
        made, link = server.store.write(
            lambda tx: people.add_person(server, tx, login=login, by=operator(), **fields)
        )
    view.hand_over(made, link, form)


@user.command("invite")
@who
@form_option
@in_folder
@click.pass_obj
def invite_command(find: Find, /, name: str, form: str) -> None:
    """Print a new link, for somebody who lost the first one, or every way in.

    Older links end. Passkeys stay: revoke those that were lost.

    Example: yett user invite ana@example.com
    """
    with opened(find()) as server:
        found, link = server.store.write(
            lambda tx: people.invite_again(server, tx, name, by=operator())
        )
    view.hand_over(found, link, form)


@user.command("list")
@click.option("--role", default="", help="only who has it")
@click.option(
    "--status", type=click.Choice(["invited", "active", "disabled"]), help="only those in it"
)
@form_option
@in_folder
@click.pass_obj
def list_command(find: Find, /, role: str, status: str | None, form: str) -> None:
    """List people: their roles, and when they were last seen.

    Example: yett user list --status disabled --format json
    """
    with opened(find()) as server:
        found = [
            one
            for one in people.everybody(server)
            if (not role or role in one.roles) and (status is None or one.status == status)
        ]
    if form == "json":
        click.echo(json.dumps([view.fields_of(one) for one in found], indent=1))
        return
    for one in found:
        click.echo(view.line_of(one))


@user.command("show")
@who
@form_option
@in_folder
@click.pass_obj
def show_command(find: Find, /, name: str, form: str) -> None:
    """Show an account: how it can sign in, and where it is signed in.

    Example: yett user show ana@example.com
    """
    with opened(find()) as server, server.store.read() as tx:
        shown = view.whole(server, tx, known_user(tx, name), server.clock())
    if form == "json":
        click.echo(json.dumps(shown, indent=1))
        return
    for line in view.lines_of(shown):
        click.echo(line)


@user.command("disable")
@who
@click.option("--reason", default="disabled by an administrator", help="why, for the record")
@in_folder
@click.pass_obj
def disable_command(find: Find, /, name: str, reason: str) -> None:
    """Disable an account: sessions, tokens, API keys and services end within a second.

    Its passkeys are kept for audit, and open nothing. The last administrator is not disabled.

    Example: yett user disable ana@example.com --reason "left the company"
    """
    with opened(find()) as server:
        keys = read_keys(server)

        def work(tx: Any) -> tuple[User, Ended]:
            found = known_user(tx, name)
            return found, disable_user(server, tx, found, keys, reason=reason, by=operator())

        found, ended = server.store.write(work)
        mark_keys(server, ended.keys, server.clock())
    click.echo(f"{found.login} is disabled; ended: {view.counted(ended)}", err=True)


@user.command("enable")
@who
@in_folder
@click.pass_obj
def enable_command(find: Find, /, name: str) -> None:
    """Let somebody sign in again; sessions, tokens and keys stay ended.

    Example: yett user enable ana@example.com
    """
    with opened(find()) as server:
        found = server.store.write(
            lambda tx: people.enable_user(server, tx, known_user(tx, name), by=operator())
        )
    click.echo(f"{found.login} is {found.status}", err=True)


@user.command("roles")
@who
@click.option("--add", "more", multiple=True, help="a role to give; may be repeated")
@click.option("--remove", "less", multiple=True, help="a role to take; may be repeated")
@click.option("--set", "exact", multiple=True, help="give exactly these; may be repeated")
@form_option
@in_folder
@click.pass_obj
def roles_command(find: Find, /, name: str, form: str, **changes: tuple[str, ...]) -> None:
    """Give and take roles; without an option, show them.

    Tokens that carry a role which is taken are refused within a second.

    Example: yett user roles ana@example.com --add manager --remove clerk
    """
    more, less, exact = changes["more"], changes["less"], changes["exact"]
    if exact and (more or less):
        fail(2, "`--set` says all roles; `--add` and `--remove` change some", "use one of them")
    with opened(find()) as server:
        _known_roles(server, (*more, *exact))

        def work(tx: Any) -> User:
            found = known_user(tx, name)
            _missing(found, less)
            kept = tuple(role for role in found.roles if role not in less)
            wanted = exact or (*kept, *more)
            if set(wanted) == set(found.roles):
                return found
            return people.set_roles(server, tx, found, wanted, by=operator())

        found = server.store.write(work)
    if form == "json":
        click.echo(json.dumps(view.fields_of(found), indent=1))
        return
    for role in found.roles:
        click.echo(role)


for _command in (link_command, passkeys_command, sessions_command):
    user.add_command(_command)


def _known_roles(server: Server, roles: tuple[str, ...]) -> None:
    vocabulary = tuple(server.config.vocabulary.roles)
    if roles and not vocabulary:
        fail(2, "the vocabulary lists no roles", "name them in [vocabulary.roles] of yett.toml")
    known(roles, vocabulary, "role")


def _missing(found: User, less: tuple[str, ...]) -> None:
    for role in less:
        if role not in found.roles:
            has = ", ".join(found.roles) or "none"
            fail(2, f"`{found.login}` does not have the role `{printable(role)}`", f"has: {has}")
