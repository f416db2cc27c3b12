"""Authenticates clients, each by the one method it is registered with (RFC 6749 s2.3).

Which method is used is read from the request; that it is the registered one, from the client. Two
at once are refused, secrets are compared in constant time, and an unknown client costs what a known
one does. RFC 7523 (assertions) is `assertion.py`, RFC 8705 s2 (certificates) is below.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import unquote_plus

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer import throttle
from yett.issuer.assertion import ASSERTION_TYPE, claimed_client, judge_assertion, use_assertion
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.server import Server, digest
from yett.state.accounts import attempts
from yett.state.accounts.clients import Client, ClientSecret, find_client
from yett.state.accounts.notices import note
from yett.terms import Event

INVALID = "invalid_client"
REFUSED = "client authentication failed"
MAX_SECRETS = 4  # at once: one, its successor, and room for a rotation that was repeated
BASIC, POST = "client_secret_basic", "client_secret_post"
ASSERTION, NONE = "private_key_jwt", "none"
CERTIFICATE, SELF_SIGNED = "tls_client_auth", "self_signed_tls_client_auth"
# What is compared where there is no such client or secret.
_DECOY = ClientSecret(digest="0" * 64, created=0.0)


class Presented(Struct, frozen=True, kw_only=True):
    """What a request shows: the client it names, how, and with which secret or assertion."""

    client: str
    method: str
    secret: str = ""

    def __repr__(self) -> str:
        return f"Presented(client={self.client!r}, method={self.method!r})"


def identify(server: Server, ask: Ask) -> Client:
    """Authenticate a client in a transaction of its own, which keeps what was used up.

    An assertion stays used when what comes after it fails, and a request that is refused never
    takes the writer's place. Failures are slowed down by network; good credentials never wait:
    256 bits are not found by trying, and one stale instance must not lock out the others.

    Raises:
        OAuthError: `invalid_client` or `invalid_request`; `slow_down` after many failures.
    """
    try:
        return _identify(server, ask)
    except OAuthError as error:
        if error.code != INVALID:
            raise
        raise _counted(server, ask, error) from None


def _identify(server: Server, ask: Ask) -> Client:
    with server.store.read() as tx:
        client = _prove(server, tx, ask)
    if "client_assertion" in ask.form:
        server.store.write(lambda tx: _use_up(tx, ask, client))
    return client


def _counted(server: Server, ask: Ask, error: OAuthError) -> OAuthError:
    """Count a failure, unless its network must wait already: then nothing is written."""
    place = throttle.network(ask.source)
    subject = f"client-network:{place}"
    with server.store.read() as tx:
        wait = attempts.waits(tx, subject, ask.now)
    if wait:
        return throttle.too_many(wait)

    def count(tx: Connection) -> None:
        attempts.count(tx, subject, ask.now, throttle.NETWORK)
        note(
            tx,
            Event(
                time=ask.now, request="", kind="client-refused", source=ask.source, note=error.note
            ),
        )

    server.store.write(count)
    return error


def _prove(server: Server, tx: Connection, ask: Ask) -> Client:
    """Find the client that a request names and proves to be; reads alone."""
    shown = read_presented(ask)
    client = find_client(tx, shown.client)
    good = _CHECKS[shown.method](server, ask, shown, client)
    if client is None or not good:
        raise refused(ask, "unknown client or wrong credentials")
    if not _registered(client, shown):
        note = f"used `{shown.method}`, is registered with `{client.auth}`"
        # Whoever has shown the secret may know how to show it; who has shown nothing may not.
        raise refused(ask, note, note if shown.secret else REFUSED)
    if client.status != "active":
        raise refused(ask, "the client is disabled")
    return client


def _use_up(tx: Connection, ask: Ask, client: Client) -> None:
    if "client_assertion" in ask.form and not use_assertion(
        tx, ask.form["client_assertion"], client
    ):
        raise refused(ask, "the assertion was used before")


def read_presented(ask: Ask) -> Presented:
    """Read which method a request uses, and refuse several at once (RFC 6749 s2.3).

    Raises:
        OAuthError: `invalid_request` or `invalid_client`.
    """
    form, header = ask.form, ask.headers.get("authorization", "")
    if "client_secret" in ask.query or "client_assertion" in ask.query:
        # RFC 6749 s2.3.1: never in the URL, where logs and histories keep it (CWE-598).
        raise OAuthError("invalid_request", "credentials do not belong into the url")
    used = [header != "", "client_secret" in form, "client_assertion" in form]
    if sum(used) > 1:
        raise OAuthError("invalid_request", "use one way of authenticating, not several")
    if header:
        shown = _basic(ask, header)
    elif "client_secret" in form:
        name = form.get("client_id", "")
        shown = Presented(client=name, method=POST, secret=form["client_secret"])
    elif "client_assertion" in form:
        shown = _assertion(form)
    else:
        shown = Presented(client=form.get("client_id", ""), method=NONE)
    if form.get("client_id", shown.client) != shown.client:
        raise OAuthError("invalid_request", "`client_id` names another client")
    if not shown.client:
        raise refused(ask, "no client is named")
    return shown


def refused(ask: Ask, note: str, said: str = REFUSED) -> OAuthError:
    """Refuse a client, as a rule without a word about what was wrong (RFC 6749 s5.2)."""
    challenge = (("www-authenticate", 'Basic realm="yett"'),)
    headers = challenge if "authorization" in ask.headers else ()
    return OAuthError(INVALID, said, status=401, headers=headers, note=note)


def _basic(ask: Ask, header: str) -> Presented:
    """Read `Authorization: Basic`; both halves are form-encoded first (RFC 6749 s2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise refused(ask, "not the scheme `Basic`")
    try:
        text = b64decode(encoded.strip(" "), validate=True).decode("utf-8")
        name, colon, secret = text.partition(":")
        pair = (unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict"))
    except ValueError:
        raise refused(ask, "credentials that cannot be read") from None
    if not colon:
        raise refused(ask, "credentials without a colon")
    return Presented(client=pair[0], method=BASIC, secret=pair[1])


def _assertion(form: dict[str, str]) -> Presented:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError("invalid_request", "`client_assertion_type` is not known")
    name = claimed_client(form["client_assertion"])
    return Presented(client=name, method=ASSERTION, secret=form["client_assertion"])


def _registered(client: Client, shown: Presented) -> bool:
    """Whether this is the client's method; certificates show in no parameter but the id."""
    if shown.method == NONE:
        return client.auth in (NONE, CERTIFICATE, SELF_SIGNED)
    return client.auth == shown.method


def _check_secret(server: Server, ask: Ask, shown: Presented, client: Client | None) -> bool:
    """Compare the secret's digest with each that is good, all of them, in constant time."""
    del server
    kept = client.secrets[:MAX_SECRETS] if client is not None else ()
    given = digest(shown.secret)
    good = False
    for secret in kept or (_DECOY,):
        same = hmac.compare_digest(secret.digest, given)
        good |= same and (not secret.expires or ask.now < secret.expires)
    return good


def _check_assertion(server: Server, ask: Ask, shown: Presented, client: Client | None) -> bool:
    return judge_assertion(server, ask, shown.secret, client)


def _check_certificate(server: Server, ask: Ask, shown: Presented, client: Client | None) -> bool:
    """Check what a client without parameters shows: nothing, or its certificate (RFC 8705 s2)."""
    del server, shown
    if client is None or client.auth == NONE:
        return client is not None
    shown_names = _names(ask, client.auth)
    return bool(client.certificate) and client.certificate in shown_names


def _names(ask: Ask, auth: str) -> tuple[str, ...]:
    """Return what the connection's certificate may be known by, for this method."""
    if ask.certificate is None or ask.now >= ask.certificate.expires:
        return ()
    if auth == SELF_SIGNED:
        return (f"x5t:{ask.certificate.thumbprint}",)
    return ask.certificate.names if auth == CERTIFICATE else ()


Check = Callable[[Server, Ask, Presented, Client | None], bool]
_CHECKS: dict[str, Check] = {
    BASIC: _check_secret,
    POST: _check_secret,
    ASSERTION: _check_assertion,
    NONE: _check_certificate,
}
METHODS = (BASIC, POST, ASSERTION, CERTIFICATE, SELF_SIGNED, NONE)
