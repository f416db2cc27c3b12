"""Signing in at an outside OpenID provider: the way there, and the way back.

Authorization code with PKCE, a nonce, and a `state` that is good once and in this browser alone
(login CSRF, CWE-352). Each provider has its own redirect URI and must say who it is where it can
(RFC 9207): an answer of one is never taken for another's (mix-up, RFC 9700 s4.4). Nothing that
comes back in the address is shown. OpenID Connect Core s3.1; RFC 9700 s2.1.
"""

from __future__ import annotations

import base64
import hashlib

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.acr import reaches
from yett.issuer.cookies import browser_of, known_browser
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, redirect
from yett.issuer.server import Server, digest, fresh
from yett.issuer.sso_token import Outsider, Wanted, judge, unproven
from yett.state.accounts.tickets import (
    Ticket,
    add_ticket,
    drop_expired,
    make_room,
    take_ticket,
)
from yett.state.fetch import FetchError
from yett.state.openid import OpenIdProvider

PURPOSE = "sso"
LIFETIME_SECONDS = 600.0
MAX_UNDER_WAY = 50_000  # anybody may set out, and each is a row
MAX_CODE_CHARACTERS = 4096
# Where a signed-in person is sent back from, as `/sign-in/with/NAME/back`.
BACK = "/sign-in/with/{name}/back"
CANCELLED = ("access_denied", "login_required", "consent_required", "interaction_required")


class Aim(Struct, frozen=True, kw_only=True):
    """What a sign-in elsewhere is for.

    Args:
        data: where to go on, as in `sign_in.finish`: `r` and `to`.
        user: whose account is linked; empty to sign in.
        session: in which that was asked for.
        acr: any of these is wanted.
        max_age: seconds since the sign-in there that are still good; None when any age is.
    """

    data: dict[str, str] = {}
    user: str = ""
    session: str = ""
    acr: tuple[str, ...] = ()
    max_age: float | None = None


class Back(Struct, frozen=True, kw_only=True):
    """Who came back, and what they had gone for."""

    outsider: Outsider
    ticket: Ticket


def find_provider(server: Server, name: str) -> OpenIdProvider:
    """Return a configured provider by its name."""
    provider = server.providers.get(name)
    if provider is None:
        raise OAuthError("not_found", "there is no such provider", status=404)
    return provider


def depart(server: Server, ask: Ask, provider: OpenIdProvider, aim: Aim) -> Answer:
    """Send the browser to a provider."""
    try:
        where = provider.metadata().authorize
    except FetchError as error:
        raise away(error.message) from error
    state, nonce, verifier = fresh(), fresh(), fresh()
    browser, headers = browser_of(server, ask)
    ticket = _ticket(
        server,
        ask.now,
        provider.config.name,
        aim,
        browser=browser,
        secrets=(state, nonce, verifier),
    )

    def keep(tx: Connection) -> None:
        drop_expired(tx, ask.now)
        make_room(tx, PURPOSE, MAX_UNDER_WAY)
        add_ticket(tx, ticket)

    server.store.write(keep)
    asked = {
        "response_type": "code",
        "client_id": provider.config.client_id,
        "redirect_uri": _redirect_uri(server, provider),
        "scope": " ".join(dict.fromkeys(("openid", *provider.config.scopes))),
        "state": state,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    return redirect(where, asked | _stronger(provider, aim), *headers)


def arrive(server: Server, ask: Ask, provider: OpenIdProvider) -> Back:
    """Take what a provider sent the browser back with.

    Raises:
        OAuthError: it is not the answer to a sign-in that this browser began, or proves nobody.
    """
    ticket = _taken(server, ask, provider)
    error, code = ask.query.get("error", ""), ask.query.get("code", "")
    if error:
        text = "was cancelled" if error in CANCELLED else "failed"
        raise OAuthError("access_denied", f"the sign-in at the provider {text}", status=403)
    if not 0 < len(code) <= MAX_CODE_CHARACTERS:
        raise unproven("no code came back")
    wanted = Wanted(nonce=ticket.data["nonce"], since=ticket.data.get("since"))
    try:
        verifier = server.box.open(base64.b64decode(ticket.data["verifier"]), _name(ticket.digest))
        token = provider.redeem(code, verifier.decode(), _redirect_uri(server, provider))
        outsider = judge(provider, token, wanted, ask.now)
    except FetchError as failed:
        raise away(failed.message) from failed
    return Back(outsider=outsider, ticket=ticket)


def away(note: str) -> OAuthError:
    """Say that a provider cannot be reached."""
    text = "the provider does not answer as it should; try again, or sign in another way"
    return OAuthError("temporarily_unavailable", text, status=503, note=note)


def _taken(server: Server, ask: Ask, provider: OpenIdProvider) -> Ticket:
    """Use the `state` up, in the browser and for the provider it was made for."""
    issuer = ask.query.get("iss", "")
    try:
        silent = not provider.metadata().says_issuer
    except FetchError as error:
        raise away(error.message) from error
    if issuer != provider.config.url and not (silent and not issuer):
        raise unproven("`iss` is missing or another provider")
    state = digest(ask.query.get("state", ""))
    browser = known_browser(server, ask)
    ticket = (
        server.store.write(lambda tx: take_ticket(tx, state, PURPOSE, holder=browser, now=ask.now))
        if browser
        else None
    )
    if ticket is None or ticket.data.get("provider") != provider.config.name:
        raise unproven("`state` is not of this browser and provider, or was used")
    return ticket


def _ticket(
    server: Server, now: float, name: str, aim: Aim, *, browser: str, secrets: tuple[str, str, str]
) -> Ticket:
    state, nonce, verifier = secrets
    sealed = server.box.seal(verifier.encode(), _name(digest(state)))
    since = None if aim.max_age is None else now - aim.max_age
    return Ticket(
        digest=digest(state),
        purpose=PURPOSE,
        user=aim.user,
        holder=browser,
        data={
            **aim.data,
            "provider": name,
            "session": aim.session,
            "nonce": digest(nonce),
            "verifier": base64.b64encode(sealed).decode(),
            "since": since,
        },
        expires=now + LIFETIME_SECONDS,
    )


def _stronger(provider: OpenIdProvider, aim: Aim) -> dict[str, str]:
    """Ask for a fresh sign-in, and for those `acr` of the provider that would be enough."""
    asked: dict[str, str] = {}
    if aim.max_age is not None:
        asked["max_age"] = str(int(aim.max_age))
    fitting = [theirs for theirs, ours in provider.config.acr.items() if reaches(ours, aim.acr)]
    if aim.acr and fitting:
        asked["acr_values"] = " ".join(fitting)
    return asked


def _redirect_uri(server: Server, provider: OpenIdProvider) -> str:
    return server.at(BACK.format(name=provider.config.name))


def _challenge(verifier: str) -> str:
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _name(ticket: str) -> str:
    return f"sso:{ticket}"
