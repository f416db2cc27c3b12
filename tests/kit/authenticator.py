"""An authenticator in thirty lines, and a browser that says what it is told: for forgeries by hand.

The CBOR of keys and attestations is py_webauthn's own encoder; signatures are cryptography's.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import encode

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
AAGUID = bytes.fromhex("ea9b8d664d011d213ce4b6b48cb575d4")


class Authenticator:
    """One passkey: `make` registers it, `sign` shows it; every part can be told to be wrong."""

    def __init__(self, kind="es256", *, rp_id="api.example.com", user="", flags=UP | UV):
        self.kind, self.rp_id, self.user, self.flags = kind, rp_id, user, flags
        self.id = secrets.token_bytes(16)
        self.count = 0
        if kind == "es256":
            self.key = ec.generate_private_key(ec.SECP256R1())
        elif kind == "p384":
            self.key = ec.generate_private_key(ec.SECP384R1())
        elif kind == "eddsa":
            self.key = ed25519.Ed25519PrivateKey.generate()
        else:
            self.key = rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))

    def cose(self):
        public = self.key.public_key()
        if self.kind == "eddsa":
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        if self.kind.startswith("rsa"):
            size = (public.key_size + 7) // 8
            return {1: 3, 3: -257, -1: numbers.n.to_bytes(size), -2: numbers.e.to_bytes(3)}
        size, curve = (32, 1) if self.kind == "es256" else (48, 2)
        return {1: 2, 3: -7, -1: curve, -2: numbers.x.to_bytes(size), -3: numbers.y.to_bytes(size)}

    def signature(self, data):
        if self.kind == "eddsa":
            return self.key.sign(data)
        if self.kind.startswith("rsa"):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def data(self, *, flags=None, count=None, rp_id=None, attested=b"", tail=b""):
        flags = self.flags if flags is None else flags
        count = self.count if count is None else count
        head = hashlib.sha256((rp_id or self.rp_id).encode()).digest()
        return head + bytes([flags]) + struct.pack(">I", count) + attested + tail

    def make(self, client_data, *, fmt="none", statement=None, named=None, flags=None, **data):
        """Return what a page sends after a registration."""
        cose = encode_cbor(self.cose())
        attested = AAGUID + struct.pack(">H", len(self.id)) + self.id + cose
        flags = (self.flags if flags is None else flags) | AT
        auth = self.data(flags=flags, attested=attested, **data)
        attestation = encode_cbor({"fmt": fmt, "attStmt": statement or {}, "authData": auth})
        response = {
            "clientDataJSON": encode(client_data),
            "attestationObject": encode(attestation),
            "transports": ["internal", "hybrid"],
        }
        return self._written(response, named)

    def sign(self, client_data, *, named=None, user=None, spoil=None, **data):
        """Return what a page sends after a sign-in; the counter moves unless it is given."""
        if "count" not in data:
            self.count += 1
        auth = self.data(**data)
        signature = self.signature(auth + hashlib.sha256(client_data).digest())
        response = {
            "clientDataJSON": encode(client_data),
            "authenticatorData": encode(auth),
            "signature": encode(spoil(signature) if spoil else signature),
            "userHandle": encode((self.user if user is None else user).encode()),
        }
        return self._written(response, named)

    def _written(self, response, named):
        id_ = encode(self.id) if named is None else named
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": response})


def client_data(challenge, *, kind="webauthn.get", origin="https://api.example.com", **more):
    """What a browser says it did, as bytes."""
    said = {"type": kind, "challenge": encode(challenge), "origin": origin, "crossOrigin": False}
    return json.dumps({**said, **more}, separators=(",", ":")).encode()
