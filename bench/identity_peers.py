"""PyJWT and joserfc with the checks that yett makes of a token and of a proof: `bench.identity`.

Written as a careful service would: the key by `kid` from a parsed set, the algorithm of that key
and never the token's, `typ`, `iss`, `aud`, `exp`, `nbf`, `iat`, `sub`, `jti`, and the principal.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import warnings
from typing import Any

import jwt
from joserfc import jwt as jose
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from bench.identity_scene import AUDIENCE, ISSUER, b64

SKEW = 60
warnings.filterwarnings("ignore", "EdDSA is deprecated")  # issuers sign with that name
TYPES = ("at+jwt", "application/at+jwt")
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "jti"]


class PyJwt:
    """PyJWT 2 as its documentation uses it, with the same checks."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        self.keys = {one["kid"]: (jwt.PyJWK(one), one["alg"]) for one in jwks["keys"]}

    def verify(self, token: bytes) -> Any:
        """Return the principal, None for a token that is not good."""
        try:
            header = jwt.get_unverified_header(token)
            found = self.keys.get(header.get("kid", ""))
            if found is None or header.get("typ", "").lower() not in TYPES or "crit" in header:
                return None
            key, algorithm = found
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=SKEW,
                options={"require": REQUIRED},
            )
        except jwt.PyJWTError:
            return None
        return principal(claims)


class Joserfc:
    """joserfc 1 with the same checks; the proofs of possession, too."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        self.keys = KeySet.import_key_set(jwks)
        self.algorithms = {one["kid"]: [one["alg"]] for one in jwks["keys"]}
        self.rules = jose.JWTClaimsRegistry(
            leeway=SKEW,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            jti={"essential": True},
        )
        self.seen: set[str] = set()

    def verify(self, token: bytes) -> Any:
        """Return the principal, None for a token that is not good."""
        try:
            found = jose.decode(token, self._key, algorithms=list(ALL))
            header = found.header
            if header["alg"] not in self.algorithms.get(header.get("kid", ""), ()):
                return None
            if str(header.get("typ", "")).lower() not in TYPES:
                return None
            self.rules.validate(found.claims)
        except (JoseError, ValueError):
            return None
        return principal(found.claims)

    def _key(self, found: Any) -> Any:
        return self.keys.get_by_kid(found.headers().get("kid", ""))

    def prove(self, proof: bytes, jkt: str, url: str, token: bytes) -> bool:
        """Whether a proof is good for a GET of `url` with a token, for the first time."""
        try:
            found = jose.decode(proof, _embedded, algorithms=["ES256", "EdDSA", "PS256", "RS256"])
        except (JoseError, ValueError, KeyError, TypeError):
            return False
        claims, header = found.claims, found.header
        if str(header.get("typ", "")).lower() not in {"dpop+jwt", "application/dpop+jwt"}:
            return False
        thumbprint = _embedded(None, header).thumbprint()
        ath = b64(hashlib.sha256(token).digest())
        good = (
            hmac.compare_digest(thumbprint, jkt)
            and claims.get("htm") == "GET"
            and claims.get("htu") == url
            and isinstance(claims.get("iat"), int | float)
            and abs(time.time() - claims["iat"]) <= SKEW
            and isinstance(claims.get("jti"), str)
            and hmac.compare_digest(str(claims.get("ath", "")), ath)
        )
        name = f"{thumbprint}:{claims.get('jti')}"
        if not good or name in self.seen:
            return False
        self.seen.add(name)  # of this process alone, and never pruned: less than is needed
        return True


ALL = ("ES256", "RS256", "PS256", "EdDSA")


def _embedded(found: Any, header: Any = None) -> Any:
    """Take the key of a proof: public, asymmetric."""
    jwk = (found.headers() if header is None else header)["jwk"]
    if not isinstance(jwk, dict) or jwk.get("kty") == "oct" or "d" in jwk:
        raise ValueError
    return JWKRegistry.import_key(jwk)


def principal(claims: dict[str, Any]) -> Any:
    """Give a service what it works with."""
    return claims["sub"], claims.get("client_id", ""), frozenset(claims.get("scope", "").split())
