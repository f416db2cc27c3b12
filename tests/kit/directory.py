"""A directory at the issuer: a service with the scope `scim`, which keeps accounts by SCIM.

`Directory` asks the endpoints without HTTP, routed by their paths; an answer is a status, the JSON
of the body, and the headers.
"""

from __future__ import annotations

import json
import re

import msgspec
from kit.accounts import VOCABULARY
from kit.lives import Lives

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.scim.endpoints import ROUTES
from yett.issuer.tokens import mint_access
from yett.state.accounts.clients import Client, add_client, find_client
from yett.state.accounts.grants import Grant

BASE = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCOPES = {"scim": "keep accounts and groups", "scim:read": "read accounts and groups"}
WORDS = msgspec.structs.replace(VOCABULARY, scopes={**VOCABULARY.scopes, **SCOPES})


def scim_lives(folder, **settings):
    """An issuer whose vocabulary has the scopes of SCIM, with a clock that tests move."""
    return Lives(folder, vocabulary=WORDS, **settings)


class Directory:
    """A directory.

    Args:
        lives: the issuer.
        name: its client's id.
        scopes: of its token.
    """

    def __init__(self, lives, name="s_directory", scopes=("scim",)):
        self.lives, self.name = lives, name
        client = Client(id=name, kind="service", auth="client_secret_basic", scopes=scopes)
        lives.write(lambda tx: find_client(tx, name) or add_client(tx, client))
        self.token = self.mint(client, scopes)

    def mint(self, client, scopes, **grant):
        server = self.lives.server
        held = Grant(id="", client=client.id, **grant)
        return self.lives.write(
            lambda tx: mint_access(server, tx, held, client, scopes, now=self.lives.now)
        ).token

    def ask(self, method, path, body=None, *, token=None, certificate=None, headers=None, **query):
        """Answer a status, the JSON of the body or None, and the headers."""
        route, arguments = _find(method, BASE + path)
        shown = self.token if token is None else token
        sent = {"content-type": "application/scim+json", "authorization": f"Bearer {shown}"}
        text = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        ask = Ask(
            method=method,
            path=BASE + path,
            now=self.lives.now,
            arguments=arguments,
            query=query,
            body=text,
            headers={**sent, **(headers or {})},
            certificate=certificate,
        )
        try:
            answer = route.endpoint(self.lives.server, ask)
        except OAuthError as error:
            answer = error.answer()
        return answer.status, json.loads(answer.body) if answer.body else None, dict(answer.headers)

    def add(self, name="ben", **more):
        """Make a user and return it."""
        status, made, _ = self.ask("POST", "/Users", {"schemas": [USER], "userName": name, **more})
        assert status == 201, made
        return made

    def group(self, name="Clerks", *ids):
        """Make a group with members and return it."""
        members = [{"value": id_} for id_ in ids]
        body = {"schemas": [GROUP], "displayName": name, "members": members}
        status, made, _ = self.ask("POST", "/Groups", body)
        assert status == 201, made
        return made

    def patch(self, path, *operations, **more):
        """Send a PATCH."""
        return self.ask(
            "PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **more
        )

    def find(self, path, text, **more):
        """The resources that a filter finds."""
        status, found, _ = self.ask("GET", path, filter=text, **more)
        assert status == 200, found
        return found["Resources"]


def _find(method, path):
    # Literal paths first, as the face has them in their order.
    for route in ROUTES:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        found = re.fullmatch(pattern, path)
        if route.method == method and found:
            return route, found.groupdict()
    raise AssertionError(f"nothing answers {method} {path}")
