"""A service's certificate from its first token to its last: the gate, and the issuer behind it."""

from __future__ import annotations

import contextlib
import http.client
import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from kit.authority import Authority
from kit.issuing import free_port
from kit.waiting import until

from yett.cli.__main__ import main
from yett.cli.account_place import opened
from yett.state.accounts.users import add_user
from yett.wire.certificate import thumbprint

CA = Authority("Test CA")
NAME = "uri:spiffe://example.org/billing"
TLS = """tls = {cert = "cert.pem", key = "key.pem", client_ca = "ca.pem", crl = "crl.pem", \
mutual = "127.0.0.1:0"}"""
IDENTITY = """failures = "1000000/min per ip"
[vocabulary.scopes]
"items:read" = "read"
[vocabulary.roles]
admin = []
clerk = ["items:read"]
[identity.builtin]
url = "https://api.test/auth"
audience = "https://api.test"
listen = "127.0.0.1:{port}"
"""


def declare(folder):
    guarded = {
        "security": [{"token": ["items:read"]}],
        "responses": {"200": {"description": "fine"}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {"/items": {"get": guarded}},
    }
    folder.write("openapi.json", json.dumps(document))


def run(folder, *words):
    done = CliRunner().invoke(main, [*words, "-C", str(folder.path)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def company(folder, serve):
    """A served contract with an issuer, and a service that is known by its certificate."""
    declare(folder)
    CA.server().put(folder.path)
    folder.write("ca.pem", CA.pem.decode())
    folder.write("crl.pem", CA.revoke().decode())
    folder.configure(gateway=TLS, more=IDENTITY.format(port=free_port()))
    with opened(folder.path) as server:
        server.store.write(lambda tx: add_user(tx, login="ana@example.com", now=1.0))
    words = ("--owner", "ana@example.com", "--role", "clerk", "--auth", "tls_client_auth")
    made = run(
        folder, "service", "add", "billing", *words, "--certificate", NAME, "--format", "json"
    )
    return serve(), json.loads(made)["client_id"]


def post(port, client, path, form, headers):
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=client)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    with contextlib.closing(connection):
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def get(port, client, token):
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=client)
    with contextlib.closing(connection):
        connection.request("GET", "/items", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status


def test_a_service_gets_a_token_that_is_its_own(company, folder):
    """Authenticated by its certificate, bound to it, and worth nothing to anybody else."""
    served, client_id = company
    second = int(served.ready["mutual"].rpartition(":")[2])
    own, other = CA.issue(NAME), CA.issue(NAME + "/other")
    mine = CA.client(folder.path, own)
    theirs = CA.client(folder.path, other)
    nobody = CA.client(folder.path)
    form = {"grant_type": "client_credentials", "client_id": client_id}
    shown = {"Client-Cert": f":{b64encode(own.der).decode()}:"}

    def ask(port, client, **headers):
        return post(port, client, "/auth/token", form, headers)

    status, answer = ask(second, mine)
    assert (status, answer["scope"]) == (200, "items:read")
    token = answer["access_token"]
    until(lambda: get(second, mine, token) != 503)  # workers look for new keys each second
    assert get(second, mine, token) == 200
    assert get(second, theirs, token) == 401
    assert get(served.port, nobody, token) == 401
    for port, client, headers in (
        (second, theirs, {}),
        (served.port, nobody, {}),
        (served.port, nobody, shown),
        (second, theirs, shown),
        (served.port, nobody, {"yett-certificate": _claimed(own), "yett-gate": "x"}),
    ):
        status, answer = ask(port, client, **headers)
        assert (status, answer["error"]) == (401, "invalid_client")


def _claimed(leaf):
    claim = {"thumbprint": thumbprint(leaf.der), "names": [NAME], "expires": 1e12}
    return b64encode(json.dumps(claim).encode()).decode()
