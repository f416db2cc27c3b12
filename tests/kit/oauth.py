"""Asks of the token endpoint as a client makes them, without HTTP: what it holds and what it sends.

`Party` is a registered client with its secret or key, and somebody who is signed in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from urllib.parse import quote_plus

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from kit.accounts import NOW
from kit.hostile import compact, ec_jwk, es
from kit.proofs import proof

from yett.issuer.errors import OAuthError
from yett.issuer.grants.issue import new_code, new_grant
from yett.issuer.http import Ask
from yett.issuer.server import digest, fresh
from yett.issuer.token import token
from yett.state.accounts.clients import Client, ClientSecret, add_client, change_client
from yett.state.accounts.sessions import add_session
from yett.state.accounts.users import add_user, find_login

REDIRECT = "https://app.example.com/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SECRET = "s" * 43
KEY = ec.generate_private_key(ec.SECP256R1())
GRANTS = ("authorization_code", "refresh_token", "client_credentials")


def basic(name, secret=SECRET):
    pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
    return {"authorization": "Basic " + base64.b64encode(pair).decode()}


def assertion(server, name, *, key=KEY, now=NOW, header=None, **changed):
    """A good client assertion; `...` leaves a claim out."""
    claims = {
        "iss": name,
        "sub": name,
        "aud": server.url,
        "jti": uuid.uuid4().hex,
        "iat": int(now),
        "exp": int(now) + 60,
        **changed,
    }
    claims = {name: value for name, value in claims.items() if value is not ...}
    head = {"alg": "ES256", "kid": "k1", **(header or {})}
    head = {name: value for name, value in head.items() if value is not ...}
    text = compact(head, claims, lambda message: es(key, message)).decode()
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion_type": kind, "client_assertion": text}


class Party:
    """A client, and a person who grants it things.

    Args:
        server: the issuer.
        auth: the client's method.
        person: whether there is one who is signed in.
    """

    def __init__(self, server, auth="client_secret_basic", name="app", **fields):
        self.server, self.name = server, name
        self.now = NOW
        kind = "public" if auth == "none" else "confidential"
        self.client = Client(
            id=name,
            kind=fields.pop("kind", kind),
            auth=auth,
            secrets=(ClientSecret(digest=digest(SECRET), created=NOW),),
            jwks={"keys": [ec_jwk(KEY, "k1", alg="ES256")]} if auth == "private_key_jwt" else {},
            grants=fields.pop("grants", GRANTS),
            redirects=(REDIRECT,),
            scopes=fields.pop("scopes", ("orders:read", "orders:write", "openid")),
            **fields,
        )
        server.store.write(self._begin)

    def _begin(self, tx):
        add_client(tx, self.client)
        found = find_login(tx, "ada")
        self.user = found or add_user(tx, login="ada", roles=("manager",), now=NOW)
        self.session = add_session(
            tx,
            digest=digest(fresh()),
            user=self.user.id,
            acr="urn:yett:multi-factor",
            amr=("pwd", "otp"),
            now=NOW,
            expires=NOW + 86400,
        )

    def change(self, **fields):
        """Change the client's row."""
        self.client = msgspec.structs.replace(self.client, **fields)
        self.server.store.write(lambda tx: change_client(tx, self.client))

    def grant(self, **fields):
        fields = {"scopes": ("orders:read", "orders:write"), "now": self.now, **fields}
        return self.server.store.write(
            lambda tx: new_grant(
                self.server, tx, client=self.client, session=self.session, **fields
            )
        )

    def code(self, grant=None, *, redirect=REDIRECT, challenge=CHALLENGE, binding="", **fields):
        grant = grant or self.grant(**fields)
        return self.server.store.write(
            lambda tx: new_code(tx, grant, self.client, redirect, challenge, self.now, binding)
        )

    def shown(self):
        """What authenticates the client: headers, and form."""
        match self.client.auth:
            case "client_secret_basic":
                return basic(self.name), {}
            case "client_secret_post":
                return {}, {"client_id": self.name, "client_secret": SECRET}
            case "private_key_jwt":
                return {}, assertion(self.server, self.name, now=self.now)
            case _:
                return {}, {"client_id": self.name}

    def ask(self, *, headers=None, certificate=None, query=None, **form):
        """An ask of /token; `...` leaves a parameter out."""
        shown, more = self.shown()
        form = {**more, **form}
        return Ask(
            method="POST",
            path="/token",
            now=self.now,
            source="192.0.2.7",
            form={name: value for name, value in form.items() if value is not ...},
            query=query or {},
            headers={**shown, **(headers or {})},
            certificate=certificate,
        )

    def send(self, **sent):
        """Ask, and answer the JSON of a 200."""
        answer = token(self.server, self.ask(**sent))
        assert answer.status == 200
        assert ("cache-control", "no-store") in answer.headers
        return json.loads(answer.body)

    def exchange(self, good=None, **sent):
        """Exchange a code."""
        form = {
            "grant_type": "authorization_code",
            "code": good or self.code(),
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return self.send(**{**form, **sent})

    def refresh(self, text, **sent):
        return self.send(grant_type="refresh_token", refresh_token=text, **sent)

    def dpop(self, **more):
        """The header of a DPoP proof for /token."""
        text = proof("POST", self.server.at("/token"), None, now=self.now, **more)
        return {"dpop": text.decode()}


def error_of(work, *args, **more):
    """The code of the refusal that a call ends in."""
    try:
        found = work(*args, **more)
    except OAuthError as error:
        return error.code
    raise AssertionError(f"not refused: {found}")


def claims_of(text):
    """The claims of a token, unverified."""
    part = text.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def header_of(text):
    """The header of a token, unverified."""
    part = text.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def s256(verifier):
    raw = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
