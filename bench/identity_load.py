"""The loader of `bench.identity`: `python -m bench.identity_load PORT SPEC.json`.

Sends requests that were made beforehand, each connection the next one as soon as it has an answer,
until the time is over or the requests are: proofs of possession are good once, so they are signed
here before the first connection is opened, and never sent twice. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import ssl
import time
from pathlib import Path
from typing import Any

import uvloop
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from bench.contract import head
from bench.loader import Load

ECDSA = ec.ECDSA(hashes.SHA256())


class Run(Load):
    """Requests in turn; those that are good once end with the last."""

    def __init__(self, requests: list[bytes], *, once: bool) -> None:
        super().__init__(requests, 0)
        self.once = once
        self.ended = asyncio.Event()

    def answered(self, connection: Any, good: bool) -> None:
        if self.once and self.number >= len(self.requests):
            self.over = True
            self.ended.set()
        super().answered(connection, good)

    def next_request(self) -> bytes:
        made = self.requests[self.number % len(self.requests)]
        self.number += 1
        return made

    async def last(self, port: int, connections: int, seconds: float) -> dict[str, float]:
        """Run, and sum up."""
        await self.connect(port, connections)
        began = time.perf_counter()
        while self.free:
            self.free.pop().send(time.perf_counter())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), seconds)
        lasted = time.perf_counter() - began
        self.over = True
        await asyncio.sleep(0.2)
        return self._summary(lasted, 0)


class Holder:
    """Signs proofs with one key, as fast as OpenSSL does."""

    def __init__(self, pem: bytes) -> None:
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        numbers = key.public_key().public_numbers()
        jwk = {"crv": "P-256", "kty": "EC", "x": b64(numbers.x.to_bytes(32)),
               "y": b64(numbers.y.to_bytes(32))}  # fmt: skip
        self.thumbprint = b64(
            hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest()
        )
        self.head = b64(json.dumps({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}).encode())

    def proof(self, method: str, url: str, token: str) -> str:
        """Make a proof for one request."""
        ath = b64(hashlib.sha256(token.encode()).digest())
        claims = {"jti": b64(os.urandom(16)), "htm": method, "htu": url,
                  "iat": int(time.time()), "ath": ath}  # fmt: skip
        text = f"{self.head}.{b64(json.dumps(claims).encode())}"
        r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ECDSA))
        return f"{text}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_proof(request: bytes, proof: str) -> bytes:
    """Present a token in the scheme `DPoP`."""
    bare = request.replace(b"authorization: Bearer ", b"authorization: DPoP ", 1)
    return bare[:-2] + b"dpop: %b\r\n\r\n" % proof.encode()


def client_tls(spec: dict[str, Any]) -> ssl.SSLContext | None:
    """Return what the client trusts and shows; None where it speaks plainly."""
    if not spec["ca"]:
        return None
    made = ssl.create_default_context(cafile=spec["ca"])
    if spec["cert"]:
        made.load_cert_chain(spec["cert"], spec["key"])
    return made


def requests_of(spec: dict[str, Any]) -> list[bytes]:
    """Make what is sent."""
    plain = [head("GET", spec["target"], token, b"") for token in spec["tokens"]]
    if not spec["proofs"]:
        return plain
    holder, tokens = Holder(spec["holder"].encode()), spec["tokens"]
    url = spec["origin"] + spec["target"].partition("?")[0]
    return [
        with_proof(plain[n % len(plain)], holder.proof("GET", url, tokens[n % len(tokens)]))
        for n in range(spec["proofs"])
    ]


async def run(port: int, spec: dict[str, Any]) -> dict[str, float]:
    load = Run(requests_of(spec), once=bool(spec["proofs"]))
    load.tls = client_tls(spec)
    return await load.last(port, spec["connections"], spec["seconds"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("spec", type=Path)
    options = parser.parse_args()
    print(json.dumps(uvloop.run(run(options.port, json.loads(options.spec.read_text())))))
