"""What `yett client` and `yett service` do alike: find one, rotate it, disable and enable it."""

from __future__ import annotations

import time
from typing import Any

import click

from yett.cli import client_forms as forms
from yett.cli.account_place import operator
from yett.cli.failing import fail
from yett.issuer import clients
from yett.issuer.server import Server
from yett.state.accounts.clients import Client


def found_in(server: Server, identifier: str, *, service: bool) -> Client:
    """Find a service or an application; one is not the other."""
    with server.store.read() as tx:
        client = clients.known_client(tx, identifier)
    if (client.kind == "service") != service:
        one, other = ("a service", "client") if service else ("an application", "service")
        fail(2, f"`{identifier}` is not {one}", f"see `yett {other} list`")
    return client


def rotate(
    server: Server, client: Client, overlap: int, keys: dict[str, Any]
) -> tuple[Client, str]:
    """Replace what a client authenticates with; answers the client and its new secret, if any."""
    now, fields = time.time(), {}
    if keys["jwks"] is not None:
        fields["jwks"] = forms.read_jwks(keys["jwks"])
    if keys["certificate"]:
        fields["certificate"] = keys["certificate"]

    def work(tx: Any) -> tuple[Client, str]:
        fresh = clients.known_client(tx, client.id)
        if fields:
            made = clients.replace_keys(server, tx, fresh, now=now, by=operator(), **fields)
            return made, ""
        seconds = overlap * forms.DAY_SECONDS
        secret = clients.rotate(tx, fresh, overlap=seconds, now=now, by=operator())
        return clients.known_client(tx, client.id), secret

    return server.store.write(work)


def disable(server: Server, client: Client) -> None:
    """Disable a client, and say what ended."""
    now = time.time()
    ended = server.store.write(
        lambda tx: clients.disable(
            server, tx, clients.known_client(tx, client.id), now=now, by=operator()
        )
    )
    click.echo(f"{client.id} is disabled; {ended} grants ended", err=True)


def enable(server: Server, client: Client) -> None:
    """Enable a client."""
    now = time.time()
    server.store.write(
        lambda tx: clients.enable(tx, clients.known_client(tx, client.id), now=now, by=operator())
    )
    click.echo(f"{client.id} is enabled", err=True)
