"""A contract with one sensitive operation, and a token for it."""

from __future__ import annotations

import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm


def make_sensitive(folder):
    """Declare a sensitive operation behind a JWT; answers a token for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(ECAlgorithm(ECAlgorithm.SHA256).to_jwk(key.public_key()))
    jwks = {"keys": [{**public, "kid": "k", "use": "sig", "alg": "ES256"}]}
    folder.write("jwks.json", json.dumps(jwks))
    operation = {
        "operationId": "pay",
        "x-yett": {"sensitive": True},
        "security": [{"token": []}],
        "responses": {"200": {"description": "fine"}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {"/pay": {"get": operation}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
    folder.write("openapi.json", json.dumps(document))
    folder.configure(
        more="""
[[identity.issuer]]
url = "https://issuer.test"
audience = "https://api.test"
algorithms = ["ES256"]
jwks = "jwks.json"
"""
    )
    now = int(time.time())
    claims = {
        "iss": "https://issuer.test",
        "aud": "https://api.test",
        "sub": "u1",
        "client_id": "c1",
        "jti": "t1",
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode(claims, key, "ES256", {"kid": "k", "typ": "at+jwt"})
