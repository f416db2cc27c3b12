"""`yett service`: accounts of programs, each with a person who answers for it.

A service acts for itself (`client_credentials`) with the roles and scopes it is given here. Its
secret is printed once. Exit codes: 0 fine, 2 the input is wrong, 3 something outside failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from yett.cli import client_forms as forms
from yett.cli.account_place import opened, operator
from yett.cli.client_changes import disable, enable, found_in, rotate
from yett.cli.folder import folder_later, in_folder
from yett.issuer import clients
from yett.state.accounts.clients import Client, list_clients
from yett.state.accounts.users import find_user

Find = Callable[[], Path]
GRANTS = ("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange")


@click.group("service")
@in_folder
@click.pass_context
def service(ctx: click.Context) -> None:
    """Make, list and disable service accounts, and rotate their secrets.

    Example: yett service add billing --owner ana@example.com --role clerk
    """
    ctx.obj = folder_later(ctx)


@service.command("add")
@click.argument("name")
@click.option("--owner", required=True, help="the user who answers for it: login name or id")
@click.option("--role", "roles", multiple=True, help="a role it has; may be repeated")
@forms.scope_option
@click.option("--tenant", default="", help="the tenant it belongs to")
@forms.auth_option(public=False)
@forms.jwks_option
@forms.certificate_option
@forms.bound_option
@forms.form_option
@in_folder
@click.pass_obj
def add_command(
    find: Find, /, name: str, owner: str, jwks: Path | None, form: str, **settings: Any
) -> None:
    """Make a service account, and print its secret once.

    Example: yett service add billing --owner ana@example.com --role clerk --scope orders:read
    """
    keys, now = forms.read_jwks(jwks), time.time()
    with opened(find()) as server:

        def work(tx: Any) -> tuple[Client, str]:
            answers = clients.answering(tx, owner)
            draft = Client(
                id="",
                kind="service",
                name=name,
                owner=answers.id,
                jwks=keys,
                grants=GRANTS,
                **settings,
            )
            return clients.register(server, tx, draft, now=now, by=operator())

        made, secret = server.store.write(work)
    forms.hand_over(made, secret, form)


@service.command("list")
@forms.form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List the services: who answers for them, what they may do, when they were last used.

    Example: yett service list --format json
    """
    with opened(find()) as server, server.store.read() as tx:
        found = list_clients(tx, services=True)
        users = [find_user(tx, client.owner) for client in found]
    forms.show_all(found, {user.id: user.login for user in users if user is not None}, form)


@service.command("rotate")
@click.argument("identifier", metavar="ID")
@forms.overlap_option
@forms.jwks_option
@forms.certificate_option
@forms.form_option
@in_folder
@click.pass_obj
def rotate_command(find: Find, /, identifier: str, overlap: int, form: str, **keys: Any) -> None:
    """Give a service a new secret, or new keys; the old secret stays good for a while.

    Keys and certificates are replaced at once: to overlap, let the new set hold the old key, too.

    Example: yett service rotate s_mfrggzdfmztwq2lk --overlap 7
    """
    with opened(find()) as server:
        made, secret = rotate(server, found_in(server, identifier, service=True), overlap, keys)
    forms.hand_over(made, secret, form)


@service.command("disable")
@click.argument("identifier", metavar="ID")
@in_folder
@click.pass_obj
def disable_command(find: Find, identifier: str) -> None:
    """Disable a service; its tokens are refused within a second.

    Example: yett service disable s_mfrggzdfmztwq2lk
    """
    with opened(find()) as server:
        disable(server, found_in(server, identifier, service=True))


@service.command("enable")
@click.argument("identifier", metavar="ID")
@in_folder
@click.pass_obj
def enable_command(find: Find, identifier: str) -> None:
    """Enable a disabled service; tokens from before stay refused.

    Example: yett service enable s_mfrggzdfmztwq2lk
    """
    with opened(find()) as server:
        enable(server, found_in(server, identifier, service=True))


@service.command("owner")
@click.argument("identifier", metavar="ID")
@click.argument("user")
@in_folder
@click.pass_obj
def owner_command(find: Find, identifier: str, user: str) -> None:
    """Let another user answer for a service, such as when its owner leaves.

    Example: yett service owner s_mfrggzdfmztwq2lk ben@example.com
    """
    with opened(find()) as server:
        client, now = found_in(server, identifier, service=True), time.time()
        server.store.write(lambda tx: clients.hand_to(tx, client, user, now=now, by=operator()))
    click.echo(f"{user} answers for {identifier}", err=True)
