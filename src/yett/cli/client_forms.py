"""How clients and service accounts are given to a command, and how they are shown.

A secret goes to standard output, alone and once; what is said about it to standard error, so that a
pipe into a vault gets the secret and nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.forms import text_or_json
from yett.issuer.client_auth import ASSERTION, BASIC, CERTIFICATE, POST, SELF_SIGNED
from yett.state.accounts.clients import Client

DAY_SECONDS = 86_400
DEFAULT_OVERLAP_DAYS = 7
MAX_OVERLAP_DAYS = 90
MAX_JWKS_BYTES = 256 * 1024
PROVING = (BASIC, POST, ASSERTION, CERTIFICATE, SELF_SIGNED)

Option = Callable[[Any], Any]

form_option = text_or_json("for people or for programs")
scope_option = click.option(
    "--scope", "scopes", multiple=True, help="a scope it may have; may be repeated"
)
bound_option = click.option(
    "--bound", is_flag=True, help="only tokens bound to a DPoP key or a certificate"
)
jwks_option = click.option(
    "--jwks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="a file with its public keys, a JWK set, for private_key_jwt",
)
certificate_option = click.option(
    "--certificate",
    default="",
    help="its certificate: dns:, uri:, email: or dn: and the name; x5t: if self-signed",
)
overlap_option = click.option(
    "--overlap",
    type=click.IntRange(0, MAX_OVERLAP_DAYS),
    default=DEFAULT_OVERLAP_DAYS,
    show_default=True,
    help="days for which the old secret stays good; 0 ends it now",
)


def auth_option(*, public: bool) -> Option:
    """Offer the methods of authentication; a service is never public."""
    methods = [*PROVING, "none"] if public else [*PROVING]
    return click.option(
        "--auth",
        type=click.Choice(methods),
        default=BASIC,
        show_default=True,
        help="how it authenticates at the token endpoint",
    )


def read_jwks(path: Path | None) -> dict[str, Any]:
    """Read a file of public keys; what is in it is checked when the client is registered."""
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            text = file.read(MAX_JWKS_BYTES + 1)
        if len(text) > MAX_JWKS_BYTES:
            fail(2, f"{path}: is longer than {MAX_JWKS_BYTES} bytes", "a JWK set holds few keys")
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        fail(2, f"{path}: is no JWK set", 'such as {"keys": [{"kty": "EC", "kid": "1", ...}]}')


def shown(client: Client) -> dict[str, Any]:
    """Show a client without digests."""
    fields: dict[str, Any] = msgspec.to_builtins(client)
    fields["secrets"] = [
        {"created": secret.created, "expires": secret.expires} for secret in client.secrets
    ]
    return fields


def show_all(clients: list[Client], owners: dict[str, str], form: str) -> None:
    """Print clients, one on each line.

    Args:
        clients: to be shown.
        owners: id of a user -> login name.
        form: `text` or `json`.
    """
    if form == "json":
        click.echo(json.dumps([shown(client) for client in clients], indent=1))
        return
    for client in clients:
        may = " ".join((*client.roles, *client.scopes)) or "-"
        used = time.strftime("%Y-%m-%d", time.gmtime(client.active))
        owner = printable(owners.get(client.owner, client.owner) or "-")
        click.echo(
            f"{client.id}  {client.status:8}  {client.auth}  used {used}  "
            f"{printable(client.name)}  {owner}  {printable(may)}"
        )
    if not clients:
        click.echo("there are none", err=True)


def hand_over(client: Client, secret: str, form: str) -> None:
    """Print what was made: in text only the secret, or the id where there is none."""
    if form == "json":
        more = {"client_id": client.id} | ({"client_secret": secret} if secret else {})
        click.echo(json.dumps({**shown(client), **more}, indent=1))
        return
    click.echo(secret or client.id)
    said = "its secret is shown once" if secret else f"it authenticates by {client.auth}"
    click.echo(f"client_id {client.id} for {printable(client.name)}; {said}", err=True)
