"""The claim policy: whether a payload whose signature is good says what it must, and of whom.

Pure judgement of verified claims against `JwtRules`: issuer, audience, times with bounded skew,
identifiers, required claims; then the mapping to a `Principal`. Nothing in here verifies anything:
a `binding` says which key the bearer must prove, step 4 sees to it.
See RFC 7519 s4.1, RFC 7800 s3.1, RFC 9068 s4, RFC 8725 s3.8-3.10, RFC 6749 s3.3 (scope tokens).
"""

from __future__ import annotations

import re
from typing import Any

from yett.credentials.operation import OperationDetail, read_operation
from yett.credentials.refusals import expired, invalid
from yett.credentials.rules import JwtRules
from yett.credentials.structure import is_identifier, is_thumbprint
from yett.problems import Problem
from yett.terms import Principal

MAX_NUMERIC_DATE = 253_402_300_799  # 9999-12-31; beyond that it is not a date
MAX_GRANTS = 512  # scopes or roles in one token

WRONG_AUDIENCE = "`aud` does not name this API"
# Members of `cnf` that can be proven here, and how the principal's binding is spelled.
BINDINGS = {"jkt": "jkt:", "x5t#S256": "x5t:"}
OPERATION = "operation:"  # the same for a token that is for one call

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")

Claims = dict[str, Any]


def judge(
    claims: Claims, rules: JwtRules, now: float, *, kid: str = "", scheme: str = "jwt"
) -> Principal | Problem:
    """Judge verified claims and say who the bearer is.

    Args:
        claims: the payload of a token whose signature is good.
        rules: of the issuer whose key signed it.
        now: unix seconds.
        kid: that key.
        scheme: of the principal.
    """
    reason = (
        _wrong_issuer(claims, rules)
        or wrong_names(claims, rules)
        or wrong_times(claims, rules, now)
    )
    if reason:
        return invalid(reason)
    if "exp" not in claims:
        return invalid("`exp` is missing")
    if now >= claims["exp"] + rules.skew:
        return expired()
    return make_principal(claims, rules, scheme, kid)


def _wrong_issuer(claims: Claims, rules: JwtRules) -> str:
    if claims.get("iss") != rules.issuer:
        return "`iss` is not the issuer of the key"
    return "" if names_audience(claims, rules) else WRONG_AUDIENCE


def names_audience(claims: Claims, rules: JwtRules) -> bool:
    """Whether `aud`, a string or a list of strings, names this API."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return all(isinstance(one, str) for one in audiences) and rules.audience in audiences


def wrong_names(claims: Claims, rules: JwtRules) -> str:
    """Say what is wrong with the identifiers, or nothing."""
    if not is_identifier(claims.get("sub")):
        return "`sub` is missing or not an identifier"
    for name in ("jti", "sid"):
        if name in claims and not is_identifier(claims[name]):
            return f"`{name}` is not an identifier"
    if "cnf" in claims and not _binding(claims["cnf"]):
        return "`cnf` names no key that can be proven here"
    detail = read_operation(claims)
    if isinstance(detail, str):
        return detail
    missing = [name for name in rules.required if claims.get(name) in (None, "", [])]
    return f"`{missing[0]}` is required" if missing else ""


def wrong_times(claims: Claims, rules: JwtRules, now: float) -> str:
    """Say which of the times that are there is no date, or lies ahead, or nothing."""
    for name in ("exp", "nbf", "iat"):
        if name in claims and not _is_date(claims[name]):
            return f"`{name}` is not a date"
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


def make_principal(
    claims: Claims, rules: JwtRules, scheme: str, kid: str = ""
) -> Principal | Problem:
    """Map claims that were judged to the principal they prove."""
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
        scheme=scheme,
        expires=claims.get("exp", float("inf")) + rules.skew,
        claims=_with_our_acr(claims, rules),
        binding=_bound_to(claims),
        kid=kid,
    )


def _bound_to(claims: Claims) -> str:
    """Name all that the token is bound to: a key, one operation, or both."""
    if "cnf" not in claims and "authorization_details" not in claims:
        return ""
    key = _binding(claims["cnf"]) if "cnf" in claims else ""
    detail = read_operation(claims)
    one = OPERATION + detail.operation if isinstance(detail, OperationDetail) else ""
    return f"{key} {one}".strip(" ")


def _binding(confirmation: Any) -> str:
    """Spell the one key that `cnf` names; empty where it names none, several or another kind.

    Two members would leave open which must be proven; one that is not known here (`jwk`, `kid`,
    `jku`) could not be proven at all. RFC 7800 s3.1, RFC 8705 s3.1, RFC 9449 s6.1.
    """
    if not isinstance(confirmation, dict) or len(confirmation) != 1:
        return ""
    ((name, thumbprint),) = confirmation.items()
    prefix = BINDINGS.get(name, "")
    good = prefix and isinstance(thumbprint, str) and is_thumbprint(thumbprint)
    return prefix + thumbprint if good else ""


def _with_our_acr(claims: Claims, rules: JwtRules) -> Claims:
    """Translate `acr` where the issuer has a table; a value that is not in it is none.

    Otherwise an outside issuer's `1` or `urn:yett:phishing-resistant` would mean what it likes.
    """
    if not rules.acr or "acr" not in claims:
        return claims
    said = claims["acr"]
    ours = rules.acr.get(said, "") if isinstance(said, str) else ""
    rest = {name: value for name, value in claims.items() if name != "acr"}
    return {**rest, "acr": ours} if ours else rest


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
