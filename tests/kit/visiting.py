"""A browser at the issuer, without HTTP: it keeps cookies, follows redirects, fills in forms."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

from kit.accounts import NOW
from kit.oauth import CHALLENGE, REDIRECT

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.routes import ROUTES
from yett.issuer.sessions import begin

ENDPOINTS = {(route.method, route.path): route for route in ROUTES}
PASSKEY = "urn:yett:phishing-resistant"


def call(server, method, path, *, now=NOW, **fields):
    """Ask an endpoint; a refusal is answered as the face would."""
    ask = Ask(method=method, path=path, now=now, source="192.0.2.7", **fields)
    try:
        return ENDPOINTS[method, path].endpoint(server, ask)
    except OAuthError as error:
        return error.answer()


def place_of(answer):
    """Where a redirect leads: the URL without its query, and the query."""
    assert answer.status == 303, answer.body
    parts = urlsplit(dict(answer.headers)["location"])
    return parts._replace(query="").geturl(), dict(parse_qsl(parts.query))


def hidden_of(answer):
    """The hidden fields of a page's form."""
    found = re.findall(rb'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.body)
    return {name.decode(): unescape(value.decode()) for name, value in found}


class Visitor:
    """A browser.

    Args:
        server: the issuer.
        now: unix seconds; may be moved on.
    """

    def __init__(self, server, now=NOW):
        self.server, self.now = server, now
        self.cookies = {}

    def sign_in(self, user, acr=PASSKEY, amr=("hwk", "user")):
        """Have somebody sign in here."""
        ask = Ask(method="POST", path="/sign-in", now=self.now, cookies=dict(self.cookies))
        session, headers = self.server.store.write(
            lambda tx: begin(self.server, tx, ask, user, acr=acr, amr=amr)
        )
        self._keep(headers)
        return session

    def get(self, path, **query):
        return self._send("GET", path, query=query)

    def post(self, path, **form):
        return self._send("POST", path, form=form)

    def follow(self, answer):
        """Follow a redirect within the issuer."""
        url, query = place_of(answer)
        assert url.startswith(self.server.at("/")), url
        return self.get(url.removeprefix(self.server.at("")), **query)

    def _send(self, method, path, **fields):
        answer = call(self.server, method, path, now=self.now, cookies=dict(self.cookies), **fields)
        self._keep(answer.headers)
        return answer

    def _keep(self, headers):
        for name, value in headers:
            if name == "set-cookie":
                key, _, text = value.partition(";")[0].partition("=")
                self.cookies[key] = text


def wish(client="app", **changed):
    """A good authorization request; `...` leaves a parameter out."""
    parameters = {
        "client_id": client,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "orders:read",
        "state": "st4te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in parameters.items() if value is not ...}


def allow(visitor, answer, say="allow"):
    """Answer the consent page that a redirect leads to."""
    page = visitor.follow(answer)
    assert page.status == 200, page
    return visitor.post("/consent", answer=say, **hidden_of(page))


def json_of(answer):
    return json.loads(answer.body)


def url_of(path, query):
    return f"{path}?{urlencode(query)}"
