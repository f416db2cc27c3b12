"""`/jwks`: the public keys that tokens of this issuer are verified with (RFC 7517 s5)."""

from __future__ import annotations

import json

from yett.issuer.http import Answer, Ask, Route
from yett.issuer.keys import JWKS_MAX_AGE_SECONDS, public_set
from yett.issuer.server import Server


def jwks(server: Server, ask: Ask) -> Answer:
    """Answer `GET /jwks`; caches may keep it for a sixth of the time a key is published ahead."""
    del ask
    with server.store.read() as tx:
        keys = public_set(tx)
    return Answer(
        headers=(
            ("content-type", "application/jwk-set+json"),
            ("cache-control", f"public, max-age={JWKS_MAX_AGE_SECONDS}"),
        ),
        body=json.dumps(keys).encode(),
    )


ROUTES = (Route(method="GET", path="/jwks", endpoint=jwks, cross=True),)
