"""What the tokens of a request are bound to: the key of a DPoP proof, or a client certificate.

A proof is judged by `credentials.dpop`; here it gets a nonce where one is wanted, and is good once.
A certificate binds where it also authenticates the client, or where only bound tokens are allowed.
RFC 9449 s5 and s8, RFC 8705 s3.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.credentials.dpop import Proof, check_proof, read_proof, replay_name
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.uses import use_once
from yett.state.errors import StateError

BY_CERTIFICATE = ("tls_client_auth", "self_signed_tls_client_auth")
JKT, X5T = "jkt:", "x5t:"


def prove(server: Server, tx: Connection, ask: Ask, client: Client) -> str:
    """Return what tokens are bound to, `jkt:...` or `x5t:...`, empty for nothing.

    Args:
        server: the server.
        tx: a transaction that writes: a proof is good once.
        ask: the request, with its `dpop` field and its certificate.
        client: who asks; authenticated.

    Raises:
        OAuthError: `invalid_dpop_proof` or `use_dpop_nonce`; `invalid_request` where the client
            gets only bound tokens and proves nothing.
    """
    key = prove_key(server, tx, ask)
    if key:
        return key
    if ask.certificate is not None and (client.auth in BY_CERTIFICATE or client.bound):
        return X5T + ask.certificate.thumbprint
    if client.bound:
        raise OAuthError("invalid_request", "this client gets only tokens bound to a key")
    return ""


def prove_key(server: Server, tx: Connection, ask: Ask, token: bytes | None = None) -> str:
    """Return `jkt:...` of the key of a good proof, empty where no proof came.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request.
        token: the access token that came with it, None where none did (RFC 9449 s7).

    Raises:
        OAuthError: `invalid_dpop_proof` or `use_dpop_nonce`.
    """
    if "dpop" not in ask.headers:
        return ""
    settings = server.config.identity.dpop
    proof = read_proof(ask.headers["dpop"].encode("latin-1", "replace"), settings.algorithms)
    if isinstance(proof, str):
        raise _refused(proof)
    if reason := _check(server, ask, proof, token):
        raise _refused(reason)
    if settings.nonce:
        _check_nonce(server, ask, proof)
    if not use_once(tx, "proof", replay_name(proof), ask.now + 2 * settings.max_age):
        raise _refused("it was used before")
    return JKT + proof.thumbprint


def _check(server: Server, ask: Ask, proof: Proof, token: bytes | None) -> str:
    return check_proof(
        proof,
        method=ask.method,
        url=server.at(ask.path),
        token=token,
        now=ask.now,
        max_age=server.config.identity.dpop.max_age,
    )


def _check_nonce(server: Server, ask: Ask, proof: Proof) -> None:
    """Demand a nonce of ours: without one, proofs can be made in stock (RFC 9449 s8)."""
    if server.nonces.accepts(proof.nonce, ask.now):
        return
    nonce = server.nonces.nonce(ask.now).decode()
    if not nonce:
        raise StateError("there is no key to make nonces with")
    raise OAuthError(
        "use_dpop_nonce", "the proof needs the nonce given here", headers=(("dpop-nonce", nonce),)
    )


def _refused(reason: str) -> OAuthError:
    return OAuthError("invalid_dpop_proof", f"the proof is refused: {reason}")
