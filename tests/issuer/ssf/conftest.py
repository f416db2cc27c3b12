"""An issuer on loopback with a client that may manage streams, and a receiver beside it."""

from __future__ import annotations

import json

import msgspec
import pytest
from kit.accounts import NOW, VOCABULARY
from kit.lives import Lives
from kit.receiver import Receiver

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.ssf import polling, streams
from yett.issuer.tokens import mint_access
from yett.state.accounts.clients import Client, add_client
from yett.state.accounts.grants import Grant

ROUTES = {(route.method, route.path): route for route in (*streams.ROUTES, *polling.ROUTES)}


class Manager:
    """A client at the stream API of an issuer."""

    def __init__(self, lives, name="rx", scopes=("ssf",)):
        self.lives = lives
        client = Client(id=name, kind="service", auth="client_secret_basic", created=NOW)
        lives.write(lambda tx: add_client(tx, client))
        grant = Grant(id="", client=name)
        self.token = lives.write(
            lambda tx: mint_access(lives.server, tx, grant, client, scopes, now=NOW)
        ).token

    def ask(self, method, path, body=None, *, token=None, **query):
        """Answer status and body, as the face would."""
        template, arguments = path, {}
        if path.startswith("/ssf/poll/"):
            template, arguments = "/ssf/poll/{id}", {"id": path.rsplit("/", 1)[1]}
        text = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        shown = self.token if token is None else token
        ask = Ask(
            method=method,
            path=path,
            now=self.lives.now,
            body=text,
            query=query,
            arguments=arguments,
            headers={"authorization": f"Bearer {shown}"} if shown else {},
        )
        try:
            answer = ROUTES[method, template].endpoint(self.lives.server, ask)
        except OAuthError as error:
            answer = error.answer()
        return answer.status, json.loads(answer.body) if answer.body else None

    def create(self, **delivery):
        """Make a stream and return its id."""
        asked = {"delivery": delivery} if delivery else {}
        status, made = self.ask("POST", "/ssf/streams", {"description": "x", **asked})
        assert status == 201, made
        return made["stream_id"]


@pytest.fixture
def lives(tmp_path):
    scopes = {**VOCABULARY.scopes, "ssf": "receive security events"}
    made = Lives(
        tmp_path,
        vocabulary=msgspec.structs.replace(VOCABULARY, scopes=scopes),
        url="http://127.0.0.1:9/auth",
    )
    yield made
    made.server.store.close()


@pytest.fixture
def manager(lives):
    return Manager(lives)


@pytest.fixture
def stranger(lives):
    return Manager(lives, "other")


@pytest.fixture
def nobody(lives):
    return Manager(lives, "no-scope", ("orders:read",))


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()
