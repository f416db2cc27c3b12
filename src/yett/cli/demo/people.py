"""The demo's cast: the login of before with one ES256 key, its forgers, and API keys.

Who signs in at yett itself is in `house.py`. Keys are made anew in memory at each start
and never written; only the public half goes into `jwks.json`. RFC 7515 s3.1 (compact form),
RFC 7517, RFC 9068 s2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://login.example.com"
AUDIENCE = "https://portal.example.com"
LIFETIME_SECONDS = 3600
COORDINATE_BYTES = 32

CUSTOMER = (
    "profile:read profile:write bookings:read bookings:write "
    "invoices:read invoices:pay documents:read documents:write"
)
ADMIN = "profile:read users:admin"
KEY_ID = "demo-1"

Header = tuple[str, str]
Json = dict[str, Any]
Sign = Callable[[bytes], bytes]


class Issuer:
    """Signs access tokens, and knows how they are forged."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._stranger = ec.generate_private_key(ec.SECP256R1())

    def jwks(self) -> Json:
        """Return the public key set."""
        names = {"kty": "EC", "crv": "P-256", "kid": KEY_ID, "alg": "ES256", "use": "sig"}
        return {"keys": [{**names, **point(self._key)}]}

    def token(self, subject: str, role: str, scope: str, **changes: Any) -> str:
        """Sign a token as the issuer would, with some claims changed."""
        return compact({}, claims(subject, role, scope, **changes), es256(self._key))

    def forged(self, subject: str, role: str, scope: str) -> str:
        """Sign with another key under the issuer's key id."""
        return compact({}, claims(subject, role, scope), es256(self._stranger))

    def unsigned(self, subject: str, role: str, scope: str) -> str:
        """Say that there is no signature (RFC 8725 s2.1)."""
        return compact({"alg": "none"}, claims(subject, role, scope), lambda _: b"")

    def confused(self, subject: str, role: str, scope: str) -> str:
        """Use the public key as an HMAC secret (RFC 8725 s2.1, CVE-2016-5431)."""
        public = json.dumps(self.jwks()["keys"][0]).encode()
        return compact(
            {"alg": "HS256"},
            claims(subject, role, scope),
            lambda text: hmac.digest(public, text, hashlib.sha256),
        )


def claims(subject: str, role: str, scope: str, **changes: Any) -> Json:
    """Build the claims of RFC 9068 s2.2."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "client_id": "portal-web",
        "jti": f"{subject}-{role}-{now}",
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "scope": scope,
        "roles": [role],
        **changes,
    }


def compact(header: Json, payload: Json, sign: Sign) -> str:
    """Write header, claims and signature in compact form; a None in the header leaves it out."""
    usual = {"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID, **header}
    whole = {name: value for name, value in usual.items() if value is not None}
    text = f"{encode(json.dumps(whole).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{text}.{encode(sign(text.encode()))}"


def point(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Write the public half as the members `x` and `y` of a JWK (RFC 7518 s6.2.1)."""
    numbers = key.public_key().public_numbers()
    both = (("x", numbers.x), ("y", numbers.y))
    return {name: encode(value.to_bytes(COORDINATE_BYTES, "big")) for name, value in both}


def es256(key: ec.EllipticCurvePrivateKey) -> Sign:
    """Sign as RFC 7518 s3.4 says: r and s, 32 bytes each."""

    def sign(text: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")

    return sign


def encode(value: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 s2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def credentials(issuer: Issuer, *, accounting: str, kiosk: str) -> dict[str, Header]:
    """Give what does not come from yett's own issuer, honest or not."""
    yesterday = int(time.time()) - 86_400
    ada = ("1", "customer", CUSTOMER)
    tokens = {
        "forger": issuer.forged("4", "admin", ADMIN),
        "nobody's algorithm": issuer.unsigned("4", "admin", ADMIN),
        "confused algorithm": issuer.confused("4", "admin", ADMIN),
        "yesterday's ada": issuer.token(*ada, iat=yesterday, exp=yesterday + LIFETIME_SECONDS),
        "another service's ada": issuer.token(*ada, aud="https://newsletter.example.com"),
    }
    found = {who: ("authorization", f"Bearer {token}") for who, token in tokens.items()}
    found["accounting"] = ("x-api-key", accounting)
    found["key guesser"] = ("x-api-key", accounting[:-12] + "AAAAAAAAAAAA")
    found["kiosk"] = ("cookie", f"portal_session={kiosk}")
    return found
