"""A directory beside a running `yett serve`: whom it disables is out of the API within moments."""

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
from yett.issuer.server import digest
from yett.issuer.tokens import mint_access
from yett.state.accounts.clients import Client, add_client
from yett.state.accounts.grants import Grant
from yett.state.accounts.sessions import add_session
from yett.state.accounts.users import add_user, change_user, find_user

COMMAND = [sys.executable, "-m", "yett.cli"]
ROUNDS = 12  # asked on so many new connections, that both workers have answered
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
COOKIE = "c" * 43


def document():
    guarded = {"security": [{"token": ["items:read"]}], "responses": {"200": {"description": "x"}}}
    flows = {"clientCredentials": {"tokenUrl": "/auth/token", "scopes": {"items:read": "see"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {"/items": {"get": {"operationId": "see", **guarded}}},
        "components": {"securitySchemes": {"token": {"type": "oauth2", "flows": flows}}},
    }


class Company:
    """A gate with its issuer, and the directory of a company."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        words = ("service", "add", "directory", "--owner", "ana", "--scope", "scim")
        shown = json.loads(self.run(*words, "--auth", "client_secret_post", "--format", "json"))
        form = {
            "grant_type": "client_credentials",
            "client_id": shown["client_id"],
            "client_secret": shown["client_secret"],
            "scope": "scim",
        }
        kind = {"content-type": "application/x-www-form-urlencoded"}
        until(lambda: self.ask("GET", "/auth/jwks")[0] == 200)
        status, body = self.ask("POST", "/auth/token", urlencode(form), **kind)
        assert status == 200, body
        self.token = body["access_token"]

    def run(self, *words):
        command = [*COMMAND, "-C", str(self.folder.path), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def ask(self, method, target, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] == b"{" else text

    def scim(self, method, path, body=None):
        fields = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/scim+json",
        }
        text = json.dumps(body) if body else None
        return self.ask(method, f"/auth/scim/v2{path}", text, **fields)

    def patch(self, path, operation):
        return self.scim("PATCH", path, {"schemas": [PATCH_OP], "Operations": [operation]})

    def sign_in(self, id_):
        """Have somebody signed in, as the pages would: a session, and an application's token."""
        with opened(self.folder.path) as server:
            now = server.clock()

            def work(tx):
                user = find_user(tx, id_)
                if user.status == "invited":
                    change_user(tx, user, now=now, status="active")
                made = {"acr": "urn:yett:phishing-resistant", "amr": ("hwk",), "now": now}
                add_session(tx, digest=digest(COOKIE), user=id_, expires=now + 600, **made)

            server.store.write(work)
        return self.mint(id_)

    def mint(self, id_):
        with opened(self.folder.path) as server:
            now = server.clock()
            app = Client(id="c_app", name="app", kind="public", auth="none")
            grant = Grant(id="", client="c_app", user=id_)
            return server.store.write(
                lambda tx: mint_access(server, tx, grant, app, ("items:read",), now=now)
            ).token

    def calls(self, token):
        """The different answers of both workers."""
        fields = {"authorization": f"Bearer {token}"}
        return {self.ask("GET", "/items", **fields)[0] for _ in range(ROUNDS)}

    def account(self):
        """What the account page answers to the browser that is signed in."""
        return self.ask("GET", "/auth/account", cookie=f"yett-sign-in={COOKIE}")[0]


@pytest.fixture
def running(folder, serve):
    """A gate with the issuer behind it that runs, and then its directory."""
    port, _ = with_issuer(folder)
    folder.write("openapi.json", json.dumps(document()))
    text = (folder.path / "yett.toml").read_text()
    loose = '[limits]\nfailures = "100000000/min per ip"\n'  # all of this is one address
    text = text.replace("[limits]\n", loose)
    words = '[vocabulary.scopes]\nscim = "keep accounts and groups"\n'
    folder.write("yett.toml", text.replace("[vocabulary.scopes]\n", words))
    with opened(folder.path) as server:

        def work(tx):
            add_user(tx, login="ana", roles=("admin",), now=1.0)
            add_client(tx, Client(id="c_app", name="app", kind="public", auth="none"))

        server.store.write(work)
    served = serve("--listen", f"127.0.0.1:{port}")
    return Company(folder, port), served


def test_whom_the_directory_disables_is_out(running, folder):
    """Made, given a role by a group, signed in; out of the group and disabled: out of each worker."""
    company, served = running
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ben"}
    status, made = company.scim("POST", "/Users", user)
    assert status == 201, made
    group = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Clerks",
        "members": [{"value": made["id"]}],
    }
    status, clerks = company.scim("POST", "/Groups", group)
    assert status == 201, clerks
    assert company.run("group", "roles", "Clerks", "--add", "clerk") == "clerk\n"
    first = company.sign_in(made["id"])
    assert company.calls(first) == {200}
    assert company.account() == 200
    left = {"op": "remove", "path": f'members[value eq "{made["id"]}"]'}
    assert company.patch(f"/Groups/{clerks['id']}", left)[0] == 200
    until(lambda: company.calls(first) == {401})
    second = company.mint(made["id"])
    assert company.calls(second) == {200}, "a token of afterwards"
    off = {"op": "Replace", "path": "active", "value": "False"}
    assert company.patch(f"/Users/{made['id']}", off)[0] == 200
    assert company.account() == 303, "to the sign-in page"
    until(lambda: company.calls(second) == {401})
    on = {"op": "Replace", "path": "active", "value": "True"}
    assert company.patch(f"/Users/{made['id']}", on)[0] == 200
    assert company.account() == 303
    assert company.calls(second) == {401}
    assert company.scim("GET", "/Me")[0] == 501
    assert served.stop() == 0
    ledger = b"".join(one.read_bytes() for one in folder.path.rglob("*.jsonl"))
    for kind in (b"group-made", b"roles-changed", b"account-disabled", b"account-enabled"):
        assert kind in ledger
