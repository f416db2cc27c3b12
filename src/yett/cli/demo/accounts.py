"""The portal's own people at yett's issuer: invited, enrolled with a passkey, signed in for tokens.

Everything goes over HTTP through the gate, as browsers and applications do it; only invitations and
registrations are an operator's commands. OAuth 2.1 (code, PKCE), RFC 9126, RFC 9396, RFC 9449.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
from urllib.parse import urlencode

from msgspec import Struct

from yett.cli.demo.browser import FORM, Browser, Page
from yett.cli.demo.passkey import Passkey
from yett.cli.demo.people import Json, encode
from yett.cli.demo.proofs import Holder
from yett.cli.demo.traffic import HOST, TIMEOUT_SECONDS

REDIRECT = "https://portal.example.com/signed-in"


class AccountError(Exception):
    """A page or an endpoint of the issuer answered something else than it should."""


class Client(Struct, frozen=True):
    """An application or a service: its id and secret."""

    id: str
    secret: str


class Person:
    """Somebody with a browser and a passkey.

    Args:
        port: where the gate listens.
    """

    def __init__(self, port: int) -> None:
        self.browser = Browser(port)
        self.passkey = Passkey(self.browser.origin)

    def enrol(self, link: str) -> None:
        """Follow an invitation, and make the passkey that it is for."""
        path, _, secret = link.removeprefix(self.browser.origin).partition("#")
        page = self._answer(self.browser.visit(path), "/enrol", ticket=secret)
        self._answer(page, "/enrol/passkey", credential=self.passkey.make)

    def authorize(self, query: Json) -> Page:
        """Go where an application sends its people: sign in, or confirm, and agree if asked."""
        page = self.browser.visit("/auth/authorize?" + urlencode(query))
        if page.form("/sign-in/passkey"):
            page = self._answer(page, "/sign-in/passkey", credential=self.passkey.show)
        if page.form("/consent"):
            page = self._answer(page, "/consent", answer="allow")
        return page

    def _answer(self, page: Page, end: str, **filled: object) -> Page:
        form = page.form(end)
        if form is None:
            raise AccountError(f"{page.url} has no form for {end}: {page.status}")
        options = json.loads(form.tag.get("data-options", "{}"))
        sent = {name: one(options) if callable(one) else one for name, one in filled.items()}
        return self.browser.send(form, **{name: str(value) for name, value in sent.items()})


class Desk:
    """What applications ask the issuer's endpoints.

    Args:
        port: where the gate listens.
    """

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.sent = 0
        self._port = port

    def tokens(self, person: Person, client: Client, scope: str, **wanted: str) -> Json:
        """Get tokens by a code, with PKCE; what is wanted beside goes by PAR."""
        verifier = secrets.token_urlsafe(48)
        challenge = encode(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "client_id": client.id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": scope,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **wanted,
        }
        pushed = self.ask("/auth/par", client, asked)
        page = person.authorize({"client_id": client.id, "request_uri": pushed["request_uri"]})
        code = page.query.get("code", "")
        form = {"code": code, "redirect_uri": REDIRECT, "code_verifier": verifier}
        return self.ask("/auth/token", client, {"grant_type": "authorization_code", **form})

    def refresh(self, client: Client, token: str) -> Json:
        """Get the next tokens of a family."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.ask("/auth/token", client, form)

    def own_token(self, client: Client, holder: Holder) -> str:
        """Get a service's own token, bound to its key."""
        proof = holder.proof("POST", f"{self.origin}/auth/token")
        form = {"grant_type": "client_credentials"}
        return str(self.ask("/auth/token", client, form, dpop=proof)["access_token"])

    def ask(self, path: str, client: Client, form: dict[str, str], **fields: str) -> Json:
        """Send a form as a client; anything but success ends the demo."""
        headers = {**fields, **dict([basic(client)]), "content-type": FORM}
        headers["host"] = self.origin.removeprefix("http://")
        self.sent += 1
        connection = http.client.HTTPConnection(HOST, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", path, urlencode(form), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in {200, 201}:
            raise AccountError(f"{path} answered {answer.status}: {text[:200]!r}")
        found: Json = json.loads(text)
        return found


def basic(client: Client) -> tuple[str, str]:
    """Write a client's credentials (RFC 6749 s2.3.1)."""
    pair = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
    return ("authorization", f"Basic {pair}")
