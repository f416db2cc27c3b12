from __future__ import annotations

import pytest
from kit.accounts import ISSUER, NOW
from kit.oauth import Party
from kit.proofs import proof
from kit.visiting import call, json_of

from yett.issuer.grants.issue import end_grant
from yett.issuer.userinfo import about
from yett.state.accounts.users import User
from yett.terms import Certificate

ASKED = ("openid", "profile", "email", "orders:read")


@pytest.fixture
def party(server, person):
    return Party(server, scopes=(*ASKED, "orders:write"))


def token_of(party, scopes=ASKED, **sent):
    return party.exchange(party.code(scopes=scopes), **sent)["access_token"]


def ask(server, text, scheme="Bearer", method="GET", headers=None, **more):
    headers = {"authorization": f"{scheme} {text}", **(headers or {})}
    return call(server, method, "/userinfo", headers=headers, **more)


def challenge_of(answer):
    return dict(answer.headers)["www-authenticate"]


def test_told(server, party, person):
    """What the scopes allow is told, and not kept by anybody on the way."""
    answer = ask(server, token_of(party))
    assert answer.status == 200
    assert json_of(answer) == {
        "sub": person.id,
        "name": "Ada Lovelace",
        "preferred_username": "ada",
        "email": "ada@example.com",
    }
    assert ("cache-control", "no-store") in answer.headers
    assert ask(server, token_of(party), method="POST", scheme="bearer").status == 200


def test_no_more_than_agreed(server, party, person):
    """Without `profile` and `email` only who it is."""
    assert json_of(ask(server, token_of(party, ("openid",)))) == {"sub": person.id}


def test_empty_claims_are_left_out():
    """Nobody is told an empty name (OpenID Connect Core s5.3.2)."""
    assert about(User(id="u", login="ada"), ["profile", "email"]) == {
        "sub": "u",
        "preferred_username": "ada",
    }


def test_without_openid(server, party):
    """An access token for the API alone says nothing about the person."""
    answer = ask(server, token_of(party, ("orders:read",)))
    assert answer.status == 403
    assert 'error="insufficient_scope"' in challenge_of(answer)


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer"}, {"authorization": "Basic eDp5"}]
)
def test_nothing_shown(server, headers):
    """Who shows nothing is told the scheme, without an error code (RFC 6750 s3.1)."""
    answer = call(server, "GET", "/userinfo", headers=headers)
    assert (answer.status, challenge_of(answer)) == (401, "Bearer")


@pytest.mark.parametrize("text", ["x", "x.y.z", "a b"])
def test_bad_tokens(server, text):
    """What is no access token of ours is refused."""
    answer = ask(server, text)
    assert (answer.status, challenge_of(answer)) == (401, 'Bearer error="invalid_token"')


def test_other_kinds(server, party):
    """An ID token is signed by the same key and is no access token."""
    tokens = party.exchange(party.code(scopes=ASKED))
    assert ask(server, tokens["id_token"]).status == 401
    assert ask(server, tokens["refresh_token"]).status == 401


def test_ended(server, party):
    """A token whose family has ended, or that has expired, is refused."""
    grant = party.grant(scopes=ASKED)
    text = party.exchange(party.code(grant))["access_token"]
    assert ask(server, text, now=NOW + 600).status == 401
    server.store.write(lambda tx: end_grant(tx, grant.id, NOW, "test", "test"))
    assert ask(server, text).status == 401


def test_bound_by_proof(server, party):
    """A bound token needs the scheme `DPoP` and a proof of its key over this very request."""
    text = token_of(party, headers=party.dpop())
    url = server.at("/userinfo")

    def shown(**more):
        return {"dpop": proof("GET", url, text.encode(), now=NOW, **more).decode()}

    assert ask(server, text, "DPoP", headers=shown()).status == 200
    assert ask(server, text).status == 401
    assert ask(server, text, "DPoP").status == 401
    assert ask(server, text, headers=shown()).status == 401
    used = shown()
    assert ask(server, text, "DPoP", headers=used).status == 200
    assert ask(server, text, "DPoP", headers=used).status == 401
    elsewhere = proof("GET", ISSUER + "/other", text.encode(), now=NOW).decode()
    answer = ask(server, text, "DPoP", headers={"dpop": elsewhere})
    assert (answer.status, challenge_of(answer)) == (401, 'DPoP error="invalid_dpop_proof"')


def test_unbound_with_proof(server, party):
    """An unbound token is no DPoP token, whoever shows a proof beside it."""
    text = token_of(party)
    own = proof("GET", server.at("/userinfo"), text.encode(), now=NOW).decode()
    assert ask(server, text, "DPoP", headers={"dpop": own}).status == 401


def test_bound_by_certificate(server, party):
    """A token bound to a certificate needs the connection that shows it (RFC 8705 s3)."""
    party.change(bound=True)
    mine = Certificate(thumbprint="t" * 43, expires=NOW + 99)
    text = token_of(party, certificate=mine)
    assert ask(server, text, certificate=mine).status == 200
    assert ask(server, text).status == 401
    other = Certificate(thumbprint="o" * 43, expires=NOW + 99)
    assert ask(server, text, certificate=other).status == 401
