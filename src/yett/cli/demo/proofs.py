"""Proofs of possession (RFC 9449): a key that a token is bound to, and what is signed with it."""

from __future__ import annotations

import hashlib
import secrets
import time

from cryptography.hazmat.primitives.asymmetric import ec

from yett.cli.demo.people import Json, compact, encode, es256, point


class Holder:
    """A service's key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def proof(self, method: str, url: str, token: str = "") -> str:
        """Sign a proof for one request; with the hash of the token that goes along."""
        said: Json = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
        }
        if token:
            said["ath"] = encode(hashlib.sha256(token.encode()).digest())
        jwk = {"kty": "EC", "crv": "P-256", **point(self._key)}
        return compact({"typ": "dpop+jwt", "kid": None, "jwk": jwk}, said, es256(self._key))
