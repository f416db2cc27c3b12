"""A second verifier of bound and unbound tokens: slow, naive, and of nothing that is under test.

PyJWT checks signatures, audience, issuer and `exp`; the rest is RFC 9068, 9449 and 7515 written down
once more in the plainest way. It says yes or no, never why.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlsplit

import jwt
from jwt.algorithms import ECAlgorithm
from kit.proofs import thumbprint

SKEW, MAX_AGE, YEAR_10000 = 30, 60, 253_402_300_800


class Naive:
    """Remembers the proofs that it has said yes to.

    Args:
        key: public key of the one issuer, whose key id is `k`.
        issuer, audience: what tokens must say.
    """

    def __init__(self, key, issuer, audience):
        self.key, self.issuer, self.audience = key, issuer, audience
        self.used = set()

    def accepts(self, scheme, token, proof, method, url, now):
        """Whether a request with these may pass; `proof` is None where none came."""
        claims = self._token(token, now)
        if claims is None:
            return False
        bound = "cnf" in claims
        if scheme.lower() == "bearer":
            return not bound
        if scheme.lower() != "dpop" or not bound or proof is None:
            return False
        return self._proof(claims["cnf"]["jkt"], token, proof, method, url, now)

    def _token(self, token, now):
        head = _part(token, 0)
        good = (
            head is not None
            and head.keys() <= {"alg", "kid", "typ", "x5t", "x5t#S256"}
            and (head.get("alg"), head.get("kid")) == ("ES256", "k")
            and str(head.get("typ")).lower() in {"at+jwt", "application/at+jwt"}
        )
        claims = _verified(token, self.key, self.audience, self.issuer) if good else None
        if claims is None or _part(token, 1) != claims:
            return None
        cnf = claims.get("cnf", {"jkt": "A" * 43})
        if not isinstance(cnf, dict) or list(cnf) != ["jkt"] or not _is_name(claims.get("sub")):
            return None
        times = [claims.get(name, now) for name in ("exp", "nbf", "iat")]
        if any(isinstance(one, bool) or not isinstance(one, int | float) for one in times):
            return None
        late = claims["exp"] + SKEW <= now or max(times[1:]) > now + SKEW
        named = all(_is_name(claims[name]) for name in ("jti", "sid") if name in claims)
        return claims if named and not late and 0 <= min(times) <= max(times) < YEAR_10000 else None

    def _proof(self, jkt, token, proof, method, url, now):
        head, claims = _part(proof, 0), _part(proof, 1)
        if head is None or claims is None or head.keys() != {"typ", "alg", "jwk"}:
            return False
        jwk = head["jwk"]
        if str(head["typ"]).lower() not in {"dpop+jwt", "application/dpop+jwt"}:
            return False
        if head["alg"] != "ES256" or not isinstance(jwk, dict) or "d" in jwk:
            return False
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or thumbprint(jwk) != jkt:
            return False
        if _verified(proof, ECAlgorithm.from_jwk(jwk)) is None:
            return False
        iat, jti = claims.get("iat"), claims.get("jti")
        ath = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        good = (
            isinstance(iat, int | float)
            and not isinstance(iat, bool)
            and abs(now - iat) <= MAX_AGE
            and _is_name(jti)
            and bool(re.fullmatch(r"[!#-\[\]-~]+", str(claims.get("nonce", "none"))))
            and isinstance(claims.get("nonce", ""), str)
            and (claims.get("htm"), claims.get("ath")) == (method, ath)
            and _same_url(claims.get("htu"), url)
            and (jkt, jti) not in self.used
        )
        if good:
            self.used.add((jkt, jti))
        return good


def _part(token, at):
    """One segment as JSON with one reading, None where it has another or none."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 8192 or not all(map(_is_canonical, parts)):
        return None
    try:
        text = urlsafe_b64decode(parts[at] + "==").decode()
        found = json.loads(text, object_pairs_hook=_once)
        return found if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None


def _once(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _is_canonical(part):
    if not re.fullmatch(r"[A-Za-z0-9_-]+", part) or len(part) % 4 == 1:
        return False
    return urlsafe_b64encode(urlsafe_b64decode(part + "==")).rstrip(b"=").decode() == part


def _is_name(value):
    if not isinstance(value, str) or not value.isprintable():
        return False
    return 0 < len(value) < 256 and value.strip() == value


def _verified(token, key, audience=None, issuer=None):
    options = {"verify_aud": audience is not None, "verify_iat": False, "verify_nbf": False}
    options |= {"verify_exp": False, "verify_jti": False, "verify_sub": False}
    options["require"] = ["exp", "aud", "iss", "sub"] if issuer else []
    try:
        return jwt.decode(
            token, key, algorithms=["ES256"], audience=audience, issuer=issuer, options=options
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _same_url(said, asked):
    try:
        one, two = urlsplit(said), urlsplit(asked)
        ports = {one.port or 80, two.port or 80}
    except (ValueError, AttributeError, TypeError):
        return False
    return (
        (one.scheme, one.hostname, one.path) == (two.scheme, two.hostname, two.path)
        and len(ports) == 1
        and one.username is None
    )
