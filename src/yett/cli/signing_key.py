"""`yett signing-key`: the issuer's own keys; they follow one another without anybody's help.

What is left for people: to look at them, to begin a rotation early, and to remove one that somebody
else may have. Exit codes: 0 fine, 2 the input is wrong, 3 something outside failed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import click

from yett.cli.account_place import opened, operator
from yett.cli.folder import folder_later, in_folder
from yett.cli.forms import text_or_json
from yett.issuer import keys
from yett.state.accounts.signing_keys import list_keys

Find = Callable[[], Path]

form_option = text_or_json("for people or for programs")


@click.group("signing-key")
@in_folder
@click.pass_context
def signing_key(ctx: click.Context) -> None:
    """Show the issuer's signing keys, follow one early, remove a stolen one.

    Example: yett signing-key list
    """
    ctx.obj = folder_later(ctx)


@signing_key.command("list")
@form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List the keys that are published, and which one signs.

    Example: yett signing-key list --format json
    """
    with opened(find()) as server, server.store.read() as tx:
        found = list_keys(tx)
    rows = [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": key.state,
            "created": key.created,
            "active": key.active,
            "retired": key.retired,
        }
        for key in found
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    for key in found:
        since = time.strftime("%Y-%m-%d", time.gmtime(key.retired or key.active or key.created))
        click.echo(f"{key.kid}  {key.algorithm:6}  {key.state:9} since {since}")


@signing_key.command("rotate")
@in_folder
@click.pass_obj
def rotate_command(find: Find) -> None:
    """Publish the next key now; it signs in an hour, when everybody has it.

    Example: yett signing-key rotate
    """
    with opened(find()) as server:
        kid = keys.follow(server, now=time.time(), by=operator())
    click.echo(f"{kid} is published, and signs in an hour", err=True)


@signing_key.command("remove")
@click.argument("kid")
@click.option("--reason", required=True, help="for the record, such as `stolen laptop`")
@in_folder
@click.pass_obj
def remove_command(find: Find, kid: str, reason: str) -> None:
    """Remove a key that somebody else may have; all that it signed is refused within a second.

    People sign in again. The next key signs at once.

    Example: yett signing-key remove k_zFv2tbAgfe5F4a_Bf71350 --reason "copied backup"
    """
    with opened(find()) as server:
        keys.remove_key(server, kid, now=time.time(), reason=reason, by=operator())
    click.echo(f"{kid} is removed; another key signs", err=True)
