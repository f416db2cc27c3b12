"""Only a service's own token with the scope keeps accounts; nothing that a person holds does."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW
from kit.directory import Directory
from kit.proofs import proof

from yett.credentials.dpop import read_proof
from yett.issuer.clients import disable
from yett.issuer.scim.errors import MEDIA_TYPE
from yett.issuer.tokens import mint_session
from yett.state.accounts.clients import Client, add_client, find_client
from yett.state.accounts.revocations import revoke
from yett.state.accounts.sessions import add_session
from yett.terms import Certificate


def test_the_scope_decides(lives, directory):
    """`scim` reads and writes, `scim:read` reads, and another scope does nothing."""
    reader = Directory(lives, "s_reader", ("scim:read",))
    nobody = Directory(lives, "s_nobody", ("orders:read",))
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "eve"}
    search = {"filter": 'userName eq "eve"'}
    assert reader.ask("GET", "/Users")[0] == 200
    assert reader.ask("POST", "/Users/.search", search)[0] == 200
    assert reader.ask("POST", "/Users", body)[0] == 403
    assert nobody.ask("GET", "/Users")[0] == 403
    assert nobody.ask("GET", "/ServiceProviderConfig")[0] == 403
    assert directory.ask("POST", "/Users", body)[0] == 201


@pytest.mark.parametrize(
    "shown",
    [{"authorization": ""}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}],
)
def test_nothing_is_done_without_a_token(directory, shown):
    """401 with a challenge, as SCIM says errors; a cookie is not looked at."""
    for method, path in (("GET", "/Users"), ("DELETE", "/Users/u_x"), ("GET", "/Me")):
        headers = {**shown, "cookie": f"yett-session={directory.token}"}
        status, body, fields = directory.ask(method, path, headers=headers)
        assert status == 401
        assert fields["www-authenticate"] == "Bearer"
        assert fields["content-type"] == MEDIA_TYPE
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert body["status"] == "401"


def test_a_persons_token_keeps_no_accounts(lives):
    """Whatever its scopes: a person's token, one that acts for a person, a browser session."""
    ada = lives.person(roles=("admin",))
    directory = Directory(lives)
    client = lives.read(lambda tx: find_client(tx, directory.name))
    assert (
        directory.ask("GET", "/Users", token=directory.mint(client, ("scim",), user=ada.id))[0]
        == 403
    )
    app = Client(id="c_app", kind="confidential", auth="client_secret_basic", scopes=("scim",))
    lives.write(lambda tx: add_client(tx, app))
    assert directory.ask("GET", "/Users", token=directory.mint(app, ("scim",)))[0] == 403

    def work(tx):
        session = add_session(
            tx, digest="d", user=ada.id, acr="a", amr=(), now=NOW, expires=NOW + 60
        )
        return mint_session(lives.server, tx, session, ada, NOW).token

    assert directory.ask("GET", "/Users", token=lives.write(work))[0] == 401


def test_a_revoked_or_disabled_directory_is_out(lives, directory):
    """A token counts only while it, its client and its time are good."""
    claims = {"now": NOW, "reason": "x", "by": "t"}
    other = Directory(lives, "s_other")
    lives.write(lambda tx: revoke(tx, "client", other.name, **claims))
    assert other.ask("GET", "/Users")[0] == 401
    client = lives.read(lambda tx: find_client(tx, directory.name))
    lives.write(lambda tx: disable(lives.server, tx, client, now=NOW, by="t"))
    assert directory.ask("GET", "/Users")[0] == 401
    third = Directory(lives, "s_third")
    lives.now += 4000
    assert third.ask("GET", "/Users")[0] == 401


def test_a_bound_token_needs_its_key(lives, directory):
    """Stolen, it is worth nothing; its proof is good once, also of a request that failed."""
    client = lives.read(lambda tx: find_client(tx, directory.name))
    client = msgspec.structs.replace(client, bound=True)
    bound = directory.mint(client, ("scim",), binding="x5t:" + "A" * 43)
    assert directory.ask("GET", "/Users", token=bound)[0] == 401
    shown = Certificate(thumbprint="A" * 43)
    assert directory.ask("GET", "/Users", token=bound, certificate=shown)[0] == 200
    url = lives.server.at("/scim/v2/Users/u_none")
    first = proof("GET", url, None, now=NOW)
    jkt = read_proof(first, ("ES256",)).thumbprint
    token = directory.mint(client, ("scim",), binding=f"jkt:{jkt}")
    good = proof("GET", url, token.encode(), now=NOW).decode()
    headers = {"authorization": f"DPoP {token}", "dpop": good}
    assert directory.ask("GET", "/Users/u_none", headers=headers)[0] == 404
    assert directory.ask("GET", "/Users/u_none", headers=headers)[0] == 401, "replayed"
    assert directory.ask("GET", "/Users/u_none", token=token)[0] == 401, "as a bearer token"
