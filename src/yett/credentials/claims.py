"""The claim policy: whether a payload whose signature is good says what it must, and of whom.

Pure judgement of verified claims against `JwtRules`: issuer, audience, times with bounded skew,
identifiers, required claims; then the mapping to a `Principal`. Nothing in here verifies anything.
See RFC 7519 s4.1, RFC 9068 s4, RFC 8725 s3.8-3.10, RFC 6749 s3.3 (scope tokens).
"""

from __future__ import annotations

import re
from typing import Any

from yett.credentials.refusals import expired, invalid
from yett.credentials.rules import JwtRules
from yett.credentials.structure import is_identifier
from yett.problems import Problem
from yett.terms import Principal

MAX_NUMERIC_DATE = 253_402_300_799  # 9999-12-31; beyond that it is not a date
MAX_GRANTS = 512  # scopes or roles in one token

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")

Claims = dict[str, Any]


def judge(claims: Claims, rules: JwtRules, now: float) -> Principal | Problem:
    """Judge verified claims and say who the bearer is.

    Args:
        claims: the payload of a token whose signature is good.
        rules: of the issuer whose key signed it.
        now: unix seconds.
    """
    reason = _wrong_parties(claims, rules) or _wrong_times(claims, rules, now)
    if reason:
        return invalid(reason)
    if now >= claims["exp"] + rules.skew:
        return expired()
    return _principal(claims, rules)


def _wrong_parties(claims: Claims, rules: JwtRules) -> str:
    if claims.get("iss") != rules.issuer:
        return "`iss` is not the issuer of the key"
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(one, str) for one in audiences) or rules.audience not in audiences:
        return "`aud` does not name this API"
    if not is_identifier(claims.get("sub")):
        return "`sub` is missing or not an identifier"
    if "jti" in claims and not is_identifier(claims["jti"]):
        return "`jti` is not an identifier"
    if "cnf" in claims:
        # RFC 9449 s7.1, RFC 8705 s3: a bound token is worth nothing without proof of its key, and
        # as a plain bearer token it is a stolen one.
        return "the token is bound to a key and came without proof"
    missing = [name for name in rules.required if claims.get(name) in (None, "", [])]
    return f"`{missing[0]}` is required" if missing else ""


def _wrong_times(claims: Claims, rules: JwtRules, now: float) -> str:
    for name in ("exp", "nbf", "iat"):
        if name in claims and not _is_date(claims[name]):
            return f"`{name}` is not a date"
    if "exp" not in claims:
        return "`exp` is missing"
    if claims.get("nbf", 0) > now + rules.skew:
        return "the token is not valid yet"
    if claims.get("iat", 0) > now + rules.skew:
        return "the token was issued in the future"
    return ""


def _is_date(value: object) -> bool:
    # bool is an int in Python: `"exp": true` would be 1970 for one reader and an error for another.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= MAX_NUMERIC_DATE
    )


def _principal(claims: Claims, rules: JwtRules) -> Principal | Problem:
    scopes = _grants(find_claim(claims, rules.scope_claim), split=True)
    roles = _grants(find_claim(claims, rules.roles_claim), split=False)
    tenant = _name(find_claim(claims, rules.tenant_claim))
    client = _name(find_claim(claims, rules.client_claim))
    if scopes is None or roles is None:
        return invalid("the scope or roles claim cannot be read")
    if tenant is None or client is None:
        return invalid("the tenant or client claim is not an identifier")
    subject = claims["sub"]
    return Principal(
        id=subject,
        # RFC 9068 s2.2: where no user is involved, `sub` names the client itself.
        kind="service" if subject == client else "user",
        issuer=rules.issuer,
        client=client,
        tenant=tenant,
        scopes=scopes,
        roles=roles,
        credential=claims.get("jti", ""),
        scheme="jwt",
        expires=claims["exp"] + rules.skew,
        claims=claims,
    )


def find_claim(claims: Claims, name: str) -> Any:
    """Find a claim by its name, or by a dotted path where none has that name; None if absent.

    Names are URLs with dots at some issuers (`https://example.com/roles`) and paths at others
    (`realm_access.roles`), so the exact name is tried first.
    """
    if not name or name in claims:
        return claims.get(name)
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _grants(value: Any, *, split: bool) -> frozenset[str] | None:
    """Read scopes or roles; None when they are there and cannot be read."""
    if value is None:
        return frozenset()
    if isinstance(value, str):
        value = value.split(" ") if split else [value]
    if not isinstance(value, list) or len(value) > MAX_GRANTS:
        return None
    if split:
        whole = all(isinstance(one, str) and (not one or _SCOPE.fullmatch(one)) for one in value)
    else:
        whole = all(is_identifier(one) for one in value)
    return frozenset(one for one in value if one) if whole else None


def _name(value: Any) -> str | None:
    if value is None:
        return ""
    return str(value) if is_identifier(value) else None
