"""Judges what an outside provider says of a person: its ID token, and nothing else.

The rules of `credentials/` for structure, signature and claims come first, with the algorithms of
the configuration; then what OpenID Connect Core s3.1.3.7 adds: this client is the only audience,
the nonce is the one of this sign-in, and the time of the sign-in there is what was asked for.
Userinfo and the access token are never fetched or read.
"""

from __future__ import annotations

import hmac

from msgspec import Struct

from yett.credentials.claims import Claims
from yett.credentials.jwt import read_issued, verify_jwt
from yett.credentials.rules import JwtRules
from yett.issuer.acr import ORDER, SINGLE_FACTOR
from yett.issuer.errors import OAuthError
from yett.issuer.server import digest
from yett.problems import Problem
from yett.state.openid import OpenIdProvider

SKEW_SECONDS = 30.0
MAX_NAME_CHARACTERS = 200


class Outsider(Struct, frozen=True, kw_only=True):
    """A person as a provider knows them.

    Args:
        issuer, subject: who it is; nothing else identifies them.
        acr: how sure the provider is, in our vocabulary.
        auth_time: when they signed in there; 0 when it does not say.
        email: only where the provider says that it has verified it; for display.
        name: for display.
    """

    issuer: str
    subject: str
    acr: str
    auth_time: float
    email: str = ""
    name: str = ""


class Wanted(Struct, frozen=True, kw_only=True):
    """What was asked for.

    Args:
        nonce: digest of the nonce.
        since: the sign-in there must not be older (unix seconds); None when any age does.
    """

    nonce: str
    since: float | None = None


def judge(provider: OpenIdProvider, token: bytes, wanted: Wanted, now: float) -> Outsider:
    """Judge an ID token that the provider's token endpoint answered.

    Args:
        provider: whose.
        token: compact JWS.
        wanted: of this sign-in.
        now: unix seconds.

    Raises:
        OAuthError: it proves nobody; the reason is in its `note` alone.
    """
    claims = _verified(provider, token, now)
    said = _wrong_parties(claims, provider.config.client_id, wanted)
    if said:
        raise unproven(said)
    when = claims.get("auth_time", 0)
    if not isinstance(when, int | float) or isinstance(when, bool) or not 0 <= when <= now + 300:
        raise unproven("`auth_time` is not a date of the past")
    if wanted.since is not None and when + SKEW_SECONDS < wanted.since:
        raise unproven("`auth_time` is missing or too long ago")
    # Of a clock that is ahead: a sign-in of the future would stay fresh until then.
    return _outsider(provider, claims, min(float(when), now))


def rules_of(provider: OpenIdProvider) -> JwtRules:
    """Make the rules of a provider's ID tokens."""
    config = provider.config
    return JwtRules(
        issuer=config.url,
        audience=config.client_id,
        algorithms=config.algorithms,
        skew=SKEW_SECONDS,
        types=("JWT", ""),  # most providers write none; an access token says `at+jwt`
        required=("iat", "nonce"),
        scope_claim="",
        roles_claim="",
        client_claim="",
    )


def unproven(note: str) -> OAuthError:
    """Refuse; who signs in learns that it failed, the record learns why."""
    text = "the answer of the provider could not be verified; sign in again"
    return OAuthError("access_denied", text, status=403, note=note)


def _verified(provider: OpenIdProvider, token: bytes, now: float) -> Claims:
    rules = rules_of(provider)
    issued = read_issued(token, {rules.issuer: rules})
    if isinstance(issued, Problem):
        raise unproven(issued.note)
    verified = verify_jwt(issued[0], rules, provider.keys(issued[0].header.kid), now)
    if isinstance(verified, Problem):
        raise unproven(verified.note or verified.kind.code)
    if verified.principal is None:
        raise unproven("the provider has no such key")
    return verified.principal.claims


def _wrong_parties(claims: Claims, client: str, wanted: Wanted) -> str:
    if claims.get("aud") not in (client, [client]):
        return "`aud` names somebody beside this client"
    if claims.get("azp", client) != client:
        return "`azp` is another client"
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(digest(nonce), wanted.nonce):
        return "`nonce` is not of this sign-in"
    return "`cnf` binds it to a key" if "cnf" in claims else ""


def _outsider(provider: OpenIdProvider, claims: Claims, when: float) -> Outsider:
    acr = claims.get("acr")
    ours = provider.config.acr.get(acr, "") if isinstance(acr, str) else ""
    verified = claims.get("email_verified") is True
    return Outsider(
        issuer=provider.config.url,
        subject=claims["sub"],
        acr=ours if ours in ORDER else SINGLE_FACTOR,
        auth_time=when,
        email=_shown(claims.get("email")) if verified else "",
        name=_shown(claims.get("name")),
    )


def _shown(value: object) -> str:
    """Return text that may be shown, or nothing."""
    whole = isinstance(value, str) and value.isprintable() and len(value) <= MAX_NAME_CHARACTERS
    return str(value) if whole else ""
