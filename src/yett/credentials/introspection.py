"""Token introspection (RFC 7662), the judging half: what an issuer answered about a token.

Pure. `active` alone is not enough: the answer must be about an access token (s2.2: refresh tokens
are active, too), of this issuer, for this API, of which the times hold here. Then it is mapped to a
principal by the same rules as a JWT. Asking is `state/introspection.py`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from yett.credentials.claims import (
    WRONG_AUDIENCE,
    Claims,
    make_principal,
    names_audience,
    wrong_names,
    wrong_times,
)
from yett.credentials.refusals import expired, invalid
from yett.credentials.rules import JwtRules
from yett.credentials.strict_json import read_object
from yett.credentials.structure import MAX_TOKEN_BYTES, is_identifier
from yett.credentials.verifier import Verified
from yett.problems import Problem
from yett.terms import Principal

MAX_ANSWER_BYTES = 64 * 1024

_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")  # b64token, RFC 6750 s2.1
JWT_DOTS = 2
# How an answer says that it is about an access token: `token_type` (RFC 7662 s2.2), or what some
# issuers add. A refresh token has another value there, or none at all.
ACCESS = {
    "token_type": frozenset({"bearer", "dpop"}),
    "token_use": frozenset({"access", "access_token"}),
    "typ": frozenset({"bearer", "dpop", "at+jwt", "jwt", "access", "access_token"}),
}


class Unusable(Struct, frozen=True):
    """An answer that says nothing: the issuer is broken or speaks another protocol."""

    reason: str


def is_opaque(token: bytes) -> bool:
    """Whether a presented token may be one that only its issuer can read.

    A JWT has two dots and a JWE four; what has the shape of either is never shown to an issuer that
    it does not name.
    """
    return (
        len(token) <= MAX_TOKEN_BYTES
        and token.count(b".") < JWT_DOTS
        and _TOKEN.fullmatch(token) is not None
    )


def judge_answer(
    document: bytes, rules: JwtRules, now: float, jwt: Principal | None = None
) -> Verified | Problem | Unusable:
    """Judge what the issuer answered.

    Args:
        document: the body of a 200.
        rules: of the issuer that was asked.
        now: unix seconds.
        jwt: whom the token itself proves, where it is a JWT; then the answer decides only whether
            that is still true.
    """
    claims = read_object(document)
    if isinstance(claims, str):
        return Unusable(f"the answer {claims}")
    if claims.get("active") is False:
        return invalid("the issuer says that the token is not active")
    if claims.get("active") is not True:
        return Unusable("the answer has no `active`")
    if jwt is not None:
        return _confirm(claims, rules, jwt)
    reason = _wrong_kind(claims, rules)
    if reason:
        return invalid(reason)
    claims = _with_subject(claims, rules)
    reason = wrong_names(claims, rules) or wrong_times(claims, rules, now)
    if reason:
        return invalid(reason)
    if now >= claims.get("exp", float("inf")) + rules.skew:
        return expired()
    principal = make_principal(claims, rules, "introspection")
    return principal if isinstance(principal, Problem) else Verified(principal)


def _confirm(claims: Claims, rules: JwtRules, jwt: Principal) -> Verified | Problem:
    """Take an answer about a JWT as what it is: it may contradict the token, never widen it."""
    said = {"iss": rules.issuer, "sub": jwt.id, "jti": jwt.credential or claims.get("jti")}
    for name, expected in said.items():
        if claims.get(name, expected) != expected:
            return invalid(f"the issuer's answer is about another `{name}`")
    return Verified(jwt)


def _wrong_kind(claims: Claims, rules: JwtRules) -> str:
    """Say why an active token is no access token for this API, or nothing."""
    named = {name: claims[name] for name in ACCESS if claims.get(name) is not None}
    if not named:
        return "the answer does not say that it is about an access token"
    for name, value in named.items():
        if not isinstance(value, str) or value.lower() not in ACCESS[name]:
            return f"`{name}` is not that of an access token"
    if claims.get("iss", rules.issuer) != rules.issuer:
        return "`iss` is not the issuer that was asked"
    if "aud" not in claims and rules.any_audience:
        return ""
    return "" if names_audience(claims, rules) else WRONG_AUDIENCE


def _with_subject(claims: Claims, rules: JwtRules) -> Claims:
    """Name the client where no user is involved, as RFC 9068 s2.2 does; s2.2 here leaves it out.

    Not where there is a `username`: then somebody is involved whom the answer does not identify.
    """
    client = claims.get(rules.client_claim)
    if claims.keys() & {"sub", "username"} or not is_identifier(client):
        return claims
    return {**claims, "sub": client}
