"""A contract whose payments need other people, tokens for them, and the flow as a client does it."""

from __future__ import annotations

import contextlib
import http.client
import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER, AUDIENCE = "https://issuer.test", "https://api.test"
APPROVALS = "/.well-known/yett/approvals"
IDENTITY = f"""
[[identity.issuer]]
url = "{ISSUER}"
audience = "{AUDIENCE}"
algorithms = ["ES256"]
jwks = "jwks.json"
"""
SCOPES = """
[vocabulary.scopes]
"pay" = "pay"
"approve:pay" = "approve payments"
"approve:wipe" = "approve wiping"
[vocabulary.roles]
boss = ["approve:pay", "approve:wipe"]
"""
PAY = {
    "type": "object",
    "required": ["amount"],
    "properties": {
        "amount": {"type": "integer"},
        "to": {"type": "string", "maxLength": 100, "pattern": "^[a-zA-Z ]*$"},
        "pin": {"type": "string", "format": "password", "pattern": "^[0-9]*$"},
    },
}


def document(sensitive, more=None):
    """An API with one payment behind a token or a key."""
    pay = {
        "operationId": "pay",
        "x-yett": {"sensitive": sensitive},
        "security": [{"token": []}, {"key": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": PAY}}},
        "parameters": [
            {"name": "note", "in": "query", "schema": {"enum": ["a", "b"]}},
            {"name": "X-Ledger", "in": "header", "schema": {"enum": ["main", "side"]}},
        ],
        "responses": {"200": {"description": "fine"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {"/pay": {"post": pay}, **(more or {})},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
        },
    }


class Issuer:
    """Signs tokens for a contract folder."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(ECAlgorithm(ECAlgorithm.SHA256).to_jwk(self.key.public_key()))
        self.jwks = {"keys": [{**public, "kid": "k", "use": "sig", "alg": "ES256"}]}

    def token(self, who, *scopes, **claims):
        now = int(time.time())
        body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": who,
            "client_id": "app",
            "jti": f"{who}-{time.monotonic_ns()}",
            "iat": now,
            "exp": now + 600,
            "scope": " ".join(scopes),
        }
        return jwt.encode({**body, **claims}, self.key, "ES256", {"kid": "k", "typ": "at+jwt"})


def make_approvals(folder, sensitive=None, *, more=None, config=""):
    """Write the contract; answers an issuer of tokens for it."""
    issuer = Issuer()
    folder.write("jwks.json", json.dumps(issuer.jwks))
    wanted = sensitive or {"approvals": 1, "within": 600}
    folder.write("openapi.json", json.dumps(document(wanted, more)))
    folder.configure(more=IDENTITY + SCOPES + config)
    return issuer


class Caller:
    """One person with a credential, who talks to a gate."""

    def __init__(self, port, token="", key=""):
        self.port = port
        self.fields = {"Authorization": f"Bearer {token}"} if token else {"X-API-Key": key}

    def send(self, method, target, body=None, **fields):
        """Answer status, fields and the parsed body; `Yett_Approval=...` names a field."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        if raw is not None:
            named.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, target, raw, {**self.fields, **named})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None

    def pay(self, body=None, target="/pay", **fields):
        status, _, answer = self.send("POST", target, body or {"amount": 7}, **fields)
        return status, answer

    def list(self):
        return self.send("GET", APPROVALS)[2]

    def show(self, approval):
        status, _, answer = self.send("GET", f"{APPROVALS}/{approval}")
        return status, answer

    def vote(self, asked, decision="approve"):
        body = {"decision": decision, "digest": asked["digest"]}
        status, _, answer = self.send("POST", f"{APPROVALS}/{asked['approval']}", body)
        return status, answer
