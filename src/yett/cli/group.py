"""`yett group`: which roles the groups of a directory carry; who is in them is the directory's.

Groups come by SCIM, without roles. Exit codes: 0 fine, 2 the input is wrong, 3 something outside
failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy import Connection

from yett.cli.account_place import opened, operator
from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.folder import chosen_folder, in_folder
from yett.cli.forms import text_or_json
from yett.cli.key_place import known
from yett.issuer.lifecycle.roles import set_group_roles
from yett.issuer.server import Server
from yett.state.accounts.groups import (
    Group,
    count_members,
    find_group,
    find_group_named,
    list_groups,
    members_of,
)
from yett.state.accounts.users import find_user

Find = Callable[[], Path]
form_option = text_or_json("for people or for programs")
which = click.argument("name", metavar="GROUP")


@click.group("group")
@in_folder
@click.pass_context
def group(ctx: click.Context) -> None:
    """Say which roles the groups of a directory carry.

    GROUP is a name or an id. Who is in it is the directory's to say, by SCIM.

    Example: yett group roles Clerks --add clerk
    """
    folder = ctx.obj
    # Looked up when a command needs it, so that `--help` works anywhere.
    ctx.obj = lambda: chosen_folder(ctx, folder)


@group.command("list")
@form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List groups: their roles, and how many are in them.

    Example: yett group list --format json
    """
    with opened(find()) as server:
        rows = list(_rows(server))
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        roles = " ".join(row["roles"]) or "-"
        click.echo(f"{row['id']}  {row['members']:5} members  {printable(row['name'])}  {roles}")


@group.command("show")
@which
@form_option
@in_folder
@click.pass_obj
def show_command(find: Find, /, name: str, form: str) -> None:
    """Show a group, and who is in it.

    Example: yett group show Clerks
    """
    with opened(find()) as server, server.store.read() as tx:
        found = _known(tx, name)
        users = [user for id_ in members_of(tx, found.id) if (user := find_user(tx, id_))]
    people = [{"id": user.id, "login": user.login, "status": user.status} for user in users]
    if form == "json":
        shown = {**msgspec.to_builtins(found), "members": people}
        click.echo(json.dumps(shown, indent=1))
        return
    click.echo(f"{found.id}  {printable(found.name)}  {' '.join(found.roles) or '-'}")
    for one in people:
        click.echo(f"  {one['id']}  {one['status']:8}  {printable(one['login'])}")


@group.command("roles")
@which
@click.option("--add", "more", multiple=True, help="a role to carry; may be repeated")
@click.option("--remove", "less", multiple=True, help="a role to take; may be repeated")
@in_folder
@click.pass_obj
def roles_command(find: Find, /, name: str, more: tuple[str, ...], less: tuple[str, ...]) -> None:
    """Give roles to a group and take them; without an option, show them.

    Everybody in it gains and loses them at once; tokens with a role that is taken are refused
    within a second. No group carries the role of administrators.

    Example: yett group roles Clerks --add clerk --remove manager
    """
    with opened(find()) as server:
        known(more, tuple(server.config.vocabulary.roles), "role")

        def work(tx: Any) -> Group:
            found = _known(tx, name)
            _missing(found, less)
            wanted = (*(role for role in found.roles if role not in less), *more)
            if set(wanted) == set(found.roles):
                return found
            return set_group_roles(server, tx, found, wanted, by=operator())

        found = server.store.write(work)
    for role in found.roles:
        click.echo(role)


def _known(tx: Connection, name: str) -> Group:
    found = find_group(tx, name) or find_group_named(tx, name)
    if found is None:
        fail(2, f"there is no group `{printable(name)}`", "`yett group list` shows them")
    return found


def _missing(found: Group, less: tuple[str, ...]) -> None:
    for role in less:
        if role not in found.roles:
            has = ", ".join(found.roles) or "none"
            fail(2, f"the group does not carry the role `{printable(role)}`", f"carries: {has}")


def _rows(server: Server) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        with server.store.read() as tx:
            found = list_groups(tx, after=after)
            counts = count_members(tx, [one.id for one in found])
        if not found:
            return
        for one in found:
            yield {**msgspec.to_builtins(one), "members": counts[one.id]}
        after = found[-1].name
