"""Keys, tokens, proofs and the contract of `bench.identity`.

One issuer that signs with ES256, RS256, PS256 and EdDSA, an issuer that is asked about opaque
tokens (and is never really asked: what it said is put into the memory), one API key, one passkey.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from yett.contract.load import load
from yett.engine import build
from yett.engine.exchange import Exchange
from yett.policy.compile import compile_policy
from yett.state.key_file import change, make_key
from yett.state.memory import MemoryView
from yett.terms import Request

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

ISSUER, AUDIENCE = "https://login.example.com", "https://api.example.com"
ASKED = "https://asked.example.com"
ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
HOST, PATH = "api.example.com", "/orders"
URL = f"https://{HOST}{PATH}"
LIFETIME = 3600

OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        }
    },
    "paths": {
        PATH: {
            "get": {
                "operationId": "orders",
                "security": [{"token": []}],
                "responses": {"200": {"description": "orders"}},
            }
        },
        "/keyed": {
            "get": {
                "operationId": "keyed",
                "security": [{"key": []}],
                "responses": {"200": {"description": "orders"}},
            }
        },
    },
}
CONFIG = f"""
[api.shop]
openapi  = "openapi.json"
upstream = "http://127.0.0.1:9"

[identity]
keys = "keys.json"

[[identity.issuer]]
url        = "{ISSUER}"
audience   = "{AUDIENCE}"
algorithms = {json.dumps(ALGORITHMS)}
jwks       = "jwks.json"

[[identity.issuer]]
url        = "{ASKED}"
audience   = "{AUDIENCE}"
algorithms = ["ES256"]
jwks       = "asked.json"
namespace = "asked-"
introspection = {{client_id = "gate", secret = "secret", url = "{ASKED}/introspect", ttl = 300}}

[limits]
default = ["1000000000/min per principal"]
"""


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Pair:
    """A private key, its public JWK, and the key that PyJWT verifies with."""

    private: Any
    jwk: dict[str, Any]

    @classmethod
    def make(cls, algorithm: str) -> Pair:
        kind = {"ES256": "ec", "EdDSA": "okp"}.get(algorithm, "rsa")
        private: Any
        if kind == "ec":
            private = ec.generate_private_key(ec.SECP256R1())
            found = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        elif kind == "okp":
            private = ed25519.Ed25519PrivateKey.generate()
            found = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
        else:
            private = rsa.generate_private_key(65537, 2048)
            found = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        public = {name: found[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in found}
        return cls(private, {**public, "kid": f"key-{algorithm}", "alg": algorithm, "use": "sig"})


def token(pair: Pair, *, header: dict[str, Any] | None = None, **changed: Any) -> bytes:
    """Sign a token; `...` leaves a claim out."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u_ana", "client_id": "app", "iat": now,
        "exp": now + LIFETIME, "jti": uuid.uuid4().hex, "scope": "orders:read orders:write",
        **changed,
    }  # fmt: skip
    head = {"kid": pair.jwk["kid"], "typ": "at+jwt", **(header or {})}
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(kept, pair.private, pair.jwk["alg"], headers=head).encode()


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638 of an EC key."""
    bare = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(bare, separators=(",", ":"), sort_keys=True)
    return b64(hashlib.sha256(text.encode()).digest())


def proof(
    pair: Pair, bound: bytes, *, header: dict[str, Any] | None = None, **changed: Any
) -> bytes:
    """Make a proof of possession for a GET of `URL` with a token."""
    claims = {
        "jti": uuid.uuid4().hex,
        "htm": "GET",
        "htu": URL,
        "iat": int(time.time()),
        "ath": b64(hashlib.sha256(bound).digest()),
        **changed,
    }
    public = {name: pair.jwk[name] for name in ("kty", "crv", "x", "y")}
    head = {"typ": "dpop+jwt", "jwk": public, **(header or {})}
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(kept, pair.private, "ES256", headers=head).encode()


class Scene:
    """A compiled contract, its view of state, and the steps 4 and 5 of its operations.

    Args:
        folder: an empty one.
        revoked: how many revocations are in force.
    """

    def __init__(self, folder: Path, revoked: int = 0) -> None:
        self.pairs = {name: Pair.make(name) for name in ALGORITHMS}
        self.strangers = {name: Pair.make(name) for name in ALGORITHMS}
        self.jwks = {"keys": [pair.jwk for pair in self.pairs.values()]}
        self.key = self._write(folder, revoked)
        contract = load(folder)
        self.view = MemoryView.from_config(contract.config, folder)
        self.program = build(compile_policy(contract))

    def _write(self, folder: Path, revoked: int) -> str:
        (folder / "var").mkdir(parents=True)
        (folder / "openapi.json").write_text(json.dumps(OPENAPI))
        (folder / "jwks.json").write_text(json.dumps(self.jwks))
        asked = {"keys": [self.pairs["ES256"].jwk]}
        (folder / "asked.json").write_text(json.dumps(asked))
        (folder / "yett.toml").write_text(CONFIG)
        (folder / "secret").write_text("a secret of the gate's own\n")
        (folder / "secret").chmod(0o600)
        rows = [{"kind": "sub", "value": f"u_gone_{n}"} for n in range(revoked)]
        (folder / "var" / "revoked.json").write_text(json.dumps({"revoked": rows}))
        return make_api_key(folder / "keys.json")

    def ask(self, path: str = PATH, **headers: bytes) -> Exchange:
        """Return an exchange that has been routed and is to be judged by step 4."""
        request = Request(
            id="r", method="GET", path=path, segments=(path[1:],), query="",
            headers={name.replace("_", "-").encode(): value for name, value in headers.items()},
            source="192.0.2.7", secure=True, authority=HOST, length=0,
        )  # fmt: skip
        x = Exchange(self.program, request, self.view, time.time())
        x.plan = self.program.plans[f"shop.{path[1:]}"]
        return x

    def steps(self, *numbers: int, path: str = PATH) -> Any:
        """Return one function that runs these steps and answers whether all let it pass."""
        plan = self.program.plans[f"shop.{path[1:]}"]
        chosen = [step for number, step in plan.steps if number in numbers]

        def run(x: Exchange) -> bool:
            for step in chosen:  # noqa: SIM110 — `all` of a generator costs 0.3 us of 1.3
                if step(x) is not None:
                    return False
            return True

        return run


def make_api_key(path: Path) -> str:
    """Issue a key, as `yett key issue` does."""
    from yett.credentials.api_key import KeyRecord  # noqa: PLC0415 — next to its use

    draft = KeyRecord(id="", digest="", owner="billing", expires=time.time() + LIFETIME)
    key, record = make_key(draft)
    change(path, lambda held: (*held, record))
    return key
