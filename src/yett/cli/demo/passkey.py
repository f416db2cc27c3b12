"""A passkey in software: what a phone does when its owner looks at it, with nothing left out.

Keys are cryptography's, the CBOR of keys and attestations is py_webauthn's. A key lives as long as
the demo. WebAuthn L3 s5.1, s6.1, s6.5.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

from yett.cli.demo.people import COORDINATE_BYTES, Json, encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ID_BYTES = 16
MODEL = bytes(16)  # no particular one


class Passkey:
    """One passkey of one person.

    Args:
        origin: where the browser is, such as `http://localhost:8080`.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._id = secrets.token_bytes(ID_BYTES)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._owner = ""
        self._count = 0

    def make(self, options: Json) -> str:
        """Return what a page sends when a passkey was made; `options` as the page has them."""
        self._owner = options["user"]["id"]
        said = self._said("webauthn.create", options)
        numbers = self._key.public_key().public_numbers()
        x, y = (value.to_bytes(COORDINATE_BYTES, "big") for value in (numbers.x, numbers.y))
        key = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})  # EC2, ES256, P-256 (RFC 9053)
        made = MODEL + struct.pack(">H", len(self._id)) + self._id + key
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + made}
        attestation = encode(encode_cbor(statement))
        return self._written(said, attestationObject=attestation, transports=["internal"])

    def show(self, options: Json) -> str:
        """Return what a page sends when the passkey was shown."""
        said = self._said("webauthn.get", options)
        self._count += 1
        data = self._data()
        signed = self._key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._written(
            said,
            authenticatorData=encode(data),
            signature=encode(signed),
            userHandle=self._owner,
        )

    def _said(self, kind: str, options: Json) -> bytes:
        what = {"type": kind, "challenge": options["challenge"], "origin": self._origin}
        return json.dumps({**what, "crossOrigin": False}, separators=(",", ":")).encode()

    def _data(self, more: int = 0) -> bytes:
        host = urlsplit(self._origin).hostname or ""
        flags = bytes([PRESENT | VERIFIED | more])
        return hashlib.sha256(host.encode()).digest() + flags + struct.pack(">I", self._count)

    def _written(self, said: bytes, **parts: Any) -> str:
        name = encode(self._id)
        response = {"clientDataJSON": encode(said), **parts}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
