from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.oauth import Party, claims_of, error_of
from kit.visiting import Visitor, allow, call, json_of

from yett.issuer.errors import OAuthError
from yett.issuer.request import DEVICE_GRANT
from yett.issuer.token import token

GRANTS = (DEVICE_GRANT, "refresh_token")


@pytest.fixture
def party(server):
    return Party(server, "none", name="tv", grants=GRANTS)


def begin(party):
    headers, form = party.shown()
    form = {**form, "scope": "orders:read"}
    return json_of(
        call(party.server, "POST", "/device_authorization", now=NOW, headers=headers, form=form)
    )


def answer(party, said, say="allow"):
    browser = Visitor(party.server)
    browser.sign_in(party.user)
    allow(browser, browser.follow(browser.post("/device", user_code=said["user_code"])), say=say)


def poll(party, said, now=NOW, **sent):
    party.now = now
    code = said["device_code"]
    return party.ask(grant_type=DEVICE_GRANT, **{"device_code": code, **sent})


def refusal(party, said, now=NOW, **sent):
    return error_of(token, party.server, poll(party, said, now, **sent))


def test_polled_until_allowed(server, party):
    """The device waits, is allowed, and gets the tokens of the person who did; once."""
    said = begin(party)
    assert refusal(party, said) == "authorization_pending"
    answer(party, said)
    tokens = json_of(token(server, poll(party, said, NOW + 5)))
    claims = claims_of(tokens["access_token"])
    assert (claims["sub"], claims["client_id"]) == (party.user.id, "tv")
    assert claims["scope"] == "orders:read"
    assert tokens["refresh_token"]
    assert refusal(party, said, NOW + 10) == "invalid_grant"


def test_denied(server, party):
    """A device that was refused is told so."""
    said = begin(party)
    answer(party, said, say="deny")
    assert refusal(party, said) == "access_denied"


def test_too_fast(server, party):
    """Each poll that comes too soon costs five seconds more from then on (RFC 8628 s3.5)."""
    said = begin(party)
    assert refusal(party, said, NOW) == "authorization_pending"
    assert refusal(party, said, NOW + 1) == "slow_down"
    assert refusal(party, said, NOW + 6) == "slow_down"
    assert refusal(party, said, NOW + 21) == "authorization_pending"
    assert refusal(party, said, NOW + 26) == "slow_down"


def test_too_fast_although_allowed(server, party):
    """Who does not wait gets nothing, allowed or not."""
    said = begin(party)
    refusal(party, said)
    answer(party, said)
    assert refusal(party, said, NOW + 1) == "slow_down"
    assert token(server, poll(party, said, NOW + 11)).status == 200


def test_waiting_as_told_is_not_too_fast(server, party):
    """A poll that arrives a little early because the one before was slow counts as in time."""
    said = begin(party)
    assert refusal(party, said, NOW) == "authorization_pending"
    assert refusal(party, said, NOW + 4.2) == "authorization_pending"


def test_expired(server, party):
    """A code that is over is called so, allowed or not, and forgotten later."""
    said = begin(party)
    answer(party, said)
    assert refusal(party, said, NOW + 600) == "expired_token"


@pytest.mark.parametrize("code", ["", "x", "a" * 43])
def test_bogus(server, party, code):
    """A code that was never given out gives nothing (CVE-2026-49272)."""
    said = begin(party)
    answer(party, said)
    assert refusal(party, said, device_code=code) == "invalid_grant"
    assert refusal(party, said, device_code=...) == "invalid_request"
    assert refusal(party, said, device_code=said["user_code"]) == "invalid_grant"


def test_other_client(server, party):
    """Another client's code is nobody's, and is not used up by trying."""
    other = Party(server, "none", name="other", grants=GRANTS)
    said = begin(party)
    answer(party, said)
    assert refusal(other, said) == "invalid_grant"
    assert token(server, poll(party, said)).status == 200


def test_two_polls_at_once(server, party):
    """Of ten polls at the same moment one gets tokens, and the others none."""
    said = begin(party)
    answer(party, said)
    ask, found = poll(party, said), []

    def send():
        try:
            found.append(token(server, ask).status)
        except OAuthError as error:
            found.append(error.code)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(200) == 1
    assert set(found) == {200, "slow_down"}


def test_bound(server, party):
    """With a proof the tokens are bound to its key."""
    said = begin(party)
    answer(party, said)
    tokens = json_of(token(server, poll(party, said, headers=party.dpop())))
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"]["jkt"]
