"""Verifies a JWT: structure, then signature, then claims; only this makes a principal of a token.

The algorithm comes from the configuration and the key, never from the token (RFC 8725 s3.1): the
token's `alg` only selects among what both allow. The parsed bytes are the signed bytes, so there is
no second parser to disagree with. RFC 7515 s5.2, RFC 9068 s4.
"""

from __future__ import annotations

from collections.abc import Mapping

from yett.credentials.algorithms import ALGORITHMS
from yett.credentials.claims import judge
from yett.credentials.keyset import KeySet, VerifyingKey
from yett.credentials.refusals import invalid
from yett.credentials.rules import JwtRules
from yett.credentials.structure import RawToken, Segments, read_token
from yett.credentials.verifier import Verified
from yett.problems import Problem


def read_issued(
    text: bytes, issuers: Mapping[str, JwtRules]
) -> tuple[RawToken, JwtRules] | Problem:
    """Read a token and find the rules of the issuer it claims to come from."""
    raw = read_token(text)
    if isinstance(raw, str):
        return invalid(raw)
    issuer = raw.unverified_claims.get("iss")
    rules = issuers.get(issuer) if isinstance(issuer, str) else None
    return invalid("`iss` is not a configured issuer") if rules is None else (raw, rules)


def verify_jwt(
    raw: RawToken, rules: JwtRules, keys: KeySet | None, now: float, *, scheme: str = "jwt"
) -> Verified | Problem:
    """Verify a token of a known issuer.

    Args:
        raw: from `read_issued`.
        rules: of that issuer.
        keys: its key set, None while there is none.
        now: unix seconds.
        scheme: of the principal: `jwt`, or `session` for a browser's cookie.

    Returns:
        A principal, the key that has to be fetched first, or a refusal.
    """
    header = raw.header
    if not rules.accepts_type(header.type):
        # An ID token, a logout token or a DPoP proof is signed by the same key (RFC 8725 s3.11).
        return invalid("`typ` is not an accepted type")
    if header.algorithm not in rules.algorithms:
        return invalid("`alg` is not a configured algorithm")
    key = keys.keys.get(header.kid) if keys is not None else None
    if key is None:
        return Verified(None, rules.issuer, header.kid)
    if not check_signature(raw.segments, header.algorithm, key):
        return invalid("the signature is wrong")
    principal = judge(raw.unverified_claims, rules, now, kid=header.kid, scheme=scheme)
    return principal if isinstance(principal, Problem) else Verified(principal)


def check_signature(segments: Segments, algorithm: str, key: VerifyingKey) -> bool:
    """Whether the key may be used with this algorithm and made this signature."""
    if algorithm not in key.algorithms:
        return False
    try:
        return ALGORITHMS[algorithm].verifies(segments.signing_input, segments.signature, key.key)
    except ValueError:
        # A backend that chokes on a malformed signature has not verified it.
        return False
