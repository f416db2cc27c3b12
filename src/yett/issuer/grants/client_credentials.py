"""`client_credentials`: a service acts for itself, for as long as somebody answers for it.

No grant is kept and no refresh token is given: the credential is at hand (RFC 6749 s4.4.3). The
token carries the service's own roles and scopes.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.handover import hand_over
from yett.issuer.grants.standing import check_owner
from yett.issuer.http import Answer, Ask
from yett.issuer.scopes import OPENID_SCOPES, ask_scopes
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.grants import Grant


def act_for_itself(
    server: Server, tx: Connection, ask: Ask, client: Client, binding: str
) -> Answer | OAuthError:
    """Give a service a token of its own.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request.
        client: who asks; authenticated.
        binding: what the token is to be bound to.

    Raises:
        OAuthError: `unauthorized_client`, `invalid_scope`.
    """
    if client.auth == "none":
        raise OAuthError("unauthorized_client", "a public client cannot act for itself")
    check_owner(tx, client)
    scopes = ask_scopes(server, _with_roles(server, client), ask.form.get("scope", ""))
    grant = Grant(id="", client=client.id, scopes=scopes, binding=binding)
    return hand_over(server, tx, ask, client, grant, scopes=scopes)


def _with_roles(server: Server, client: Client) -> Client:
    """Add the scopes of a service's roles to its own; those about a person are none of its."""
    carried = dict.fromkeys((*client.scopes, *sorted(server.scopes_of(client.roles))))
    own = tuple(scope for scope in carried if scope not in OPENID_SCOPES)
    return msgspec.structs.replace(client, scopes=own)
