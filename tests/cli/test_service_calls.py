"""A service of the own issuer through a running gate: added, called, rotated, cut off.

Two workers; what is done by the command line holds in both within moments, without a restart.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from kit.issuing import with_issuer
from kit.waiting import until

from yett.cli.account_place import opened
from yett.state.accounts.users import add_user

COMMAND = [sys.executable, "-m", "yett.cli"]
ROUNDS = 12  # asked on so many new connections, that both workers have answered


def document():
    guarded = {"security": [{"token": ["items:read"]}], "responses": {"200": {"description": "x"}}}
    flows = {"clientCredentials": {"tokenUrl": "/auth/token", "scopes": {"items:read": "see"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {"/items": {"get": {"operationId": "see", **guarded}}},
        "components": {"securitySchemes": {"token": {"type": "oauth2", "flows": flows}}},
    }


class Service:
    """A service with its secret, and the gate that it calls."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        words = ("service", "add", "billing", "--owner", "ana", "--role", "clerk")
        shown = json.loads(self.run(*words, "--auth", "client_secret_post", "--format", "json"))
        self.id, self.secret = shown["client_id"], shown["client_secret"]

    def run(self, *words):
        command = [*COMMAND, "-C", str(self.folder.path), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def ask(self, method, target, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")

    def token(self):
        form = {
            "grant_type": "client_credentials",
            "client_id": self.id,
            "client_secret": self.secret,
        }
        kind = {"content-type": "application/x-www-form-urlencoded"}
        status, body = self.ask("POST", "/auth/token", urlencode(form), **kind)
        return body["access_token"] if status == 200 else body["error"]

    def call(self, token):
        return self.ask("GET", "/items", authorization=f"Bearer {token}")[0]

    def calls(self, token):
        """The different answers of both workers."""
        return {self.call(token) for _ in range(ROUNDS)}


@pytest.fixture
def service(folder, serve):
    port, _ = with_issuer(folder)
    folder.write("openapi.json", json.dumps(document()))
    settings = (folder.path / "yett.toml").read_text()
    loose = '[limits]\nfailures = "100000000/min per ip"\n'  # all of this is one address
    folder.write("yett.toml", settings.replace("[limits]\n", loose))
    with opened(folder.path) as server:
        server.store.write(lambda tx: add_user(tx, login="ana", roles=("admin",), now=1.0))
    serve("--listen", f"127.0.0.1:{port}")
    return Service(folder, port)


def test_a_service_calls_until_it_is_cut_off(service):
    """Good in each worker; rotated without a restart; a removed key and disabling end it in each."""
    first = service.token()
    assert service.calls(first) == {200}
    old, service.secret = service.secret, service.run("service", "rotate", service.id).strip()
    new = service.secret
    assert service.calls(service.token()) == {200}
    service.secret = old
    assert service.calls(service.token()) == {200}, "both are good in the overlap"
    service.secret = new
    (key,) = json.loads(service.run("signing-key", "list", "--format", "json"))
    service.run("signing-key", "remove", key["kid"], "--reason", "copied backup")
    until(lambda: service.calls(first) == {401})
    second = service.token()
    until(lambda: service.calls(second) == {200})
    service.run("service", "disable", service.id)
    assert service.token() == "invalid_client"
    until(lambda: service.calls(second) == {401})
