"""The contract, the keys and the two requests that every subject gets.

GET has two path and four query parameters, one of them free text; POST a JSON body of 1 KB with
nested objects and free text. 64 callers, each with a token of their own, signed with ES256.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
CALLERS = 64
CUSTOMER = "7c0b5d9e-1f7a-4a53-9a55-0f4d2c1e8b90"
BOOKING = "bk_0123456789abcdef"
NOTE = "Please ring twice, the bell at the neighbour's door is broken; thanks a lot (Anna)."

_UUID = {"type": "string", "format": "uuid"}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_BOOKING_ID = {"type": "string", "pattern": "^bk_[0-9a-f]{16}$"}
_STATUS = {"type": "string", "enum": ["draft", "confirmed", "cancelled"]}

SCHEMAS = {
    "Address": {
        "type": "object",
        "required": ["street", "city", "postcode", "country"],
        "properties": {
            "street": _TEXT,
            "city": _TEXT,
            "postcode": {"type": "string", "pattern": "^[0-9A-Z -]{3,10}$"},
            "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        },
    },
    "Item": {
        "type": "object",
        "required": ["sku", "quantity", "price"],
        "properties": {
            "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
            "quantity": {"type": "integer", "minimum": 1, "maximum": 100},
            "price": {"type": "number", "minimum": 0},
            "label": _TEXT,
        },
    },
    "NewBooking": {
        "type": "object",
        "required": ["customer", "status", "day", "items", "address"],
        "properties": {
            "customer": _UUID,
            "status": _STATUS,
            "day": {"type": "string", "format": "date"},
            "contact": {"type": "string", "format": "email"},
            "note": {"type": "string", "maxLength": 500},
            "gift": {"type": "boolean"},
            "items": {
                "type": "array",
                "minItems": 1,
                "maxItems": 50,
                "items": {"$ref": "#/components/schemas/Item"},
            },
            "address": {"$ref": "#/components/schemas/Address"},
            "tags": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 30}},
        },
    },
}


def _parameter(
    name: str, where: str, schema: object, *, required: bool = True
) -> dict[str, object]:
    return {"name": name, "in": where, "required": required, "schema": schema}


OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "bookings", "version": "1"},
    "servers": [{"url": "/v1"}],
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {
            "login": {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": ISSUER + "/token",
                        "scopes": {"bookings:read": "see", "bookings:write": "make"},
                    }
                },
            }
        },
    },
    "paths": {
        "/customers/{customer_id}/bookings/{booking_id}": {
            "get": {
                "operationId": "getBooking",
                "security": [{"login": ["bookings:read"]}],
                "parameters": [
                    _parameter("customer_id", "path", _UUID),
                    _parameter("booking_id", "path", _BOOKING_ID),
                    _parameter("status", "query", _STATUS),
                    _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 100}),
                    _parameter("from", "query", {"type": "string", "format": "date"}),
                    _parameter("q", "query", {"type": "string", "maxLength": 100}),
                ],
                "responses": {"200": {"description": "one booking"}},
            }
        },
        "/bookings": {
            "post": {
                "operationId": "createBooking",
                "security": [{"login": ["bookings:write"]}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/NewBooking"}}
                    },
                },
                "responses": {"201": {"description": "made"}},
            }
        },
    },
}

CONFIG = """\
[api.bookings]
openapi  = "openapi.json"
upstream = "http://127.0.0.1:{upstream}"

[gateway]
listen  = "127.0.0.1:{port}"
workers = 1

[[identity.issuer]]
url        = "{issuer}"
audience   = "{audience}"
algorithms = ["ES256"]
jwks       = "jwks.json"

[vocabulary.scopes]
"bookings:read"  = "see"
"bookings:write" = "make"

[limits]
default  = ["100000000/min per principal", "100000000/min per ip"]
failures = "100000/min per ip"

[store]
ledger = "ledger"
"""

TARGET = (
    f"/v1/customers/{CUSTOMER}/bookings/{BOOKING}"
    f"?status=confirmed&limit=20&from=2026-11-22&q={quote_plus('parcel 17 to the second floor')}"
)
BAD_TARGET = TARGET.replace("limit=20", "limit=1000")


def _body() -> bytes:
    item = {"sku": "ABC-1234", "quantity": 2, "price": 12.5, "label": "a box of assorted biscuits"}
    booking = {
        "customer": CUSTOMER,
        "status": "confirmed",
        "day": "2026-12-24",
        "contact": "anna.muster@example.com",
        "note": NOTE,
        "gift": True,
        "items": [item] * 6,
        "address": {
            "street": "21 King's Road",
            "city": "Freiburg im Breisgau",
            "postcode": "79098",
            "country": "DE",
        },
        "tags": ["fragile", "evening", "second floor"],
    }
    made = json.dumps(booking).encode()
    room = 1024 - len(made)
    booking["note"] = NOTE + " " + ("and leave it dry " * 20)[: room - 1] if room > 1 else NOTE
    return json.dumps(booking).encode()


BODY = _body()
BAD_BODY = BODY.replace(b'"quantity": 2', b'"quantity": 0', 1)


@dataclass(frozen=True)
class Keys:
    """The key set, good tokens, and one token signed by a stranger."""

    jwks: dict[str, object]
    tokens: tuple[str, ...]
    forged: str


def make_keys() -> Keys:
    """Make a key, 64 tokens that live for a day, and a forged one."""
    key, stranger = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    public |= {"kid": "bench-1", "alg": "ES256", "use": "sig"}
    tokens = tuple(_token(key, number) for number in range(CALLERS))
    return Keys({"keys": [public]}, tokens, _token(stranger, 0))


def _token(key: ec.EllipticCurvePrivateKey, number: int) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"customer-{number}",
        "client_id": "bench",
        "iat": now,
        "exp": now + 86_400,
        "jti": f"token-{number}",
        "scope": "bookings:read bookings:write profile:read",
    }
    return jwt.encode(claims, key, "ES256", headers={"kid": "bench-1", "typ": "at+jwt"})


def write_contract(folder: Path, keys: Keys, upstream: int, port: int) -> None:
    """Write yett's contract folder; the key set file is every subject's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "openapi.json").write_text(json.dumps(OPENAPI))
    (folder / "jwks.json").write_text(json.dumps(keys.jwks))
    (folder / "yett.toml").write_text(
        CONFIG.format(upstream=upstream, port=port, issuer=ISSUER, audience=AUDIENCE)
    )


def head(method: str, target: str, token: str, body: bytes) -> bytes:
    """Return the bytes of one request, as a client that keeps its connection would send it."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "host: 127.0.0.1",
        "accept: application/json",
        "user-agent: bench",
        f"authorization: Bearer {token}",
    ]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
