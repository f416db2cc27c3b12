"""The token answer: what is in it, when an ID token is, and that use is activity."""

from __future__ import annotations

import json

from kit.accounts import NOW
from kit.oauth import Party, claims_of

from yett.issuer.grants.handover import hand_over
from yett.state.accounts.clients import find_client
from yett.state.accounts.grants import Grant
from yett.state.accounts.users import find_user


def test_an_id_token_only_for_openid(server):
    """`openid` among the scopes that are granted gives one, bound to the access token."""
    party = Party(server)
    assert "id_token" not in party.exchange()
    answer = party.exchange(party.code(scopes=("openid",)))
    identity = claims_of(answer["id_token"])
    assert identity["aud"] == "app"
    assert len(identity["at_hash"]) == 22
    assert {"email", "name", "roles"}.isdisjoint(identity)


def test_no_id_token_without_a_person(server):
    """A service that is given `openid` by mistake gets no ID token."""
    party = Party(server)
    grant = Grant(id="", client="app", scopes=("openid",))
    answer = server.store.write(
        lambda tx: hand_over(server, tx, party.ask(), party.client, grant, scopes=("openid",))
    )
    assert "id_token" not in json.loads(answer.body)


def test_the_answer_is_that_of_the_rfc(server):
    """RFC 6749 5.1: type, seconds, scopes; no other members, no caching."""
    party = Party(server)
    answer = party.exchange()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}


def test_use_is_activity(server):
    """Client and person are seen, so that nobody who works is taken for absent."""
    party = Party(server)
    held = party.exchange()["refresh_token"]
    party.now = NOW + 1000
    server.clock = lambda: party.now
    party.refresh(held)
    with server.store.read() as tx:
        assert find_client(tx, "app").active == NOW + 1000
        assert find_user(tx, party.user.id).active == NOW + 1000
