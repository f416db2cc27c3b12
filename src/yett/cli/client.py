"""`yett client`: applications that people sign in to, and what they may ask for.

Nobody registers over the network. A redirect URI is compared exactly; a secret is printed once.
Exit codes: 0 fine, 2 the input is wrong, 3 something outside failed.
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
from yett.issuer.client_checks import GRANT_TYPES
from yett.state.accounts.clients import Client, list_clients
from yett.state.accounts.users import find_user

Find = Callable[[], Path]
DEFAULT_GRANTS = ("authorization_code", "refresh_token")


@click.group("client")
@in_folder
@click.pass_context
def client(ctx: click.Context) -> None:
    """Make, list and disable applications, and rotate their secrets.

    Example: yett client add "Web shop" --redirect https://shop.example.com/callback
    """
    ctx.obj = folder_later(ctx)


@client.command("add")
@click.argument("name")
@click.option("--redirect", "redirects", multiple=True, help="a redirect URI, exact; repeatable")
@click.option(
    "--logout-redirect", "logout_redirects", multiple=True, help="where to after a sign-out"
)
@forms.scope_option
@click.option(
    "--grant",
    "grants",
    type=click.Choice(GRANT_TYPES),
    multiple=True,
    default=DEFAULT_GRANTS,
    show_default=True,
    help="a grant type it may use; may be repeated",
)
@forms.auth_option(public=True)
@forms.jwks_option
@forms.certificate_option
@forms.bound_option
@click.option("--trusted", is_flag=True, help="our own: its users are not asked for consent")
@click.option("--owner", default="", help="the user who answers for it: login name or id")
@forms.form_option
@in_folder
@click.pass_obj
def add_command(find: Find, /, owner: str, jwks: Path | None, form: str, **settings: Any) -> None:
    """Register an application, and print its secret once; `--auth none` has none.

    Example: yett client add Phone --auth none --redirect com.example.phone:/callback
    """
    keys, now = forms.read_jwks(jwks), time.time()
    kind = "public" if settings["auth"] == "none" else "confidential"
    with opened(find()) as server:

        def work(tx: Any) -> tuple[Client, str]:
            answers = clients.answering(tx, owner).id if owner else ""
            draft = Client(id="", kind=kind, owner=answers, jwks=keys, **settings)
            return clients.register(server, tx, draft, now=now, by=operator())

        made, secret = server.store.write(work)
    forms.hand_over(made, secret, form)


@client.command("list")
@forms.form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List the applications: how they authenticate, what they may ask for, when last used.

    Example: yett client list --format json
    """
    with opened(find()) as server, server.store.read() as tx:
        found = list_clients(tx, services=False)
        users = [find_user(tx, one.owner) for one in found if one.owner]
    forms.show_all(found, {user.id: user.login for user in users if user is not None}, form)


@client.command("rotate")
@click.argument("identifier", metavar="ID")
@forms.overlap_option
@forms.jwks_option
@forms.certificate_option
@forms.form_option
@in_folder
@click.pass_obj
def rotate_command(find: Find, /, identifier: str, overlap: int, form: str, **keys: Any) -> None:
    """Give an application a new secret, or new keys; the old secret stays good for a while.

    Example: yett client rotate c_mfrggzdfmztwq2lk --overlap 7
    """
    with opened(find()) as server:
        made, secret = rotate(server, found_in(server, identifier, service=False), overlap, keys)
    forms.hand_over(made, secret, form)


@client.command("disable")
@click.argument("identifier", metavar="ID")
@in_folder
@click.pass_obj
def disable_command(find: Find, identifier: str) -> None:
    """Disable an application; what it was granted ends, its tokens are refused within a second.

    Example: yett client disable c_mfrggzdfmztwq2lk
    """
    with opened(find()) as server:
        disable(server, found_in(server, identifier, service=False))


@client.command("enable")
@click.argument("identifier", metavar="ID")
@in_folder
@click.pass_obj
def enable_command(find: Find, identifier: str) -> None:
    """Enable a disabled application; its users sign in again.

    Example: yett client enable c_mfrggzdfmztwq2lk
    """
    with opened(find()) as server:
        enable(server, found_in(server, identifier, service=False))
