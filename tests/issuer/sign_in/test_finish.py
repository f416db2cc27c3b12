"""The end of a sign-in: who may not, gets none; who may, goes on to where it began."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.issuer.http import Ask
from yett.issuer.sign_in import finish
from yett.state.accounts.notices import untold
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.tickets import Ticket
from yett.state.accounts.users import DISABLED, INVITED, change_user, find_user

ACR, AMR = "urn:yett:multi-factor", ("pwd", "otp")
ASK = Ask(method="POST", path="/sign-in", now=NOW, source="192.0.2.1")


def end(server, user, **data):
    ticket = Ticket(digest="d", purpose="sign-in", data=data)
    return server.store.write(
        lambda tx: finish(server, ASK, tx, user, acr=ACR, amr=AMR, ticket=ticket)
    )


def location(answer):
    assert answer.status == 303
    return dict(answer.headers)["location"]


def test_a_person_is_signed_in_and_it_is_put_down(server, person):
    """Session, activity and notice stand in the same transaction."""
    answer = end(server, person)
    assert location(answer) == "https://api.example.com/auth/account"
    assert [name for name, _ in answer.headers].count("set-cookie") == 2
    with server.store.read() as tx:
        session = list_sessions(tx, person.id, NOW)[0]
        assert find_user(tx, person.id).active == NOW
        events = [event for _, event in untold(tx) if event.kind == "signed-in"]
    assert len(events) == 1
    assert events[0].credential == session.id
    assert events[0].note == "urn:yett:multi-factor, pwd otp"
    assert events[0].source == "192.0.2.1"


def test_a_waiting_request_comes_first(server, person):
    """The browser goes back to `/authorize` with the id of the request."""
    assert location(end(server, person, r="a b&c", to="account")) == (
        "https://api.example.com/auth/authorize?r=a+b%26c"
    )


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("device", "/device"),
        ("https://evil.example", "/account"),
        ("//evil.example", "/account"),
        ("/account/../..", "/account"),
    ],
)
def test_only_named_places_are_gone_to(server, person, to, path):
    """An address that somebody sent is never followed (CWE-601)."""
    assert location(end(server, person, to=to)) == f"https://api.example.com/auth{path}"


@pytest.mark.parametrize("status", [DISABLED, INVITED])
def test_who_may_not_sign_in_does_not(server, person, status):
    """What was shown does not matter, nor what the caller read before; no cookie is set."""
    server.store.write(lambda tx: change_user(tx, person, now=NOW, status=status))
    answer = end(server, person)
    assert answer.status == 403
    assert "set-cookie" not in dict(answer.headers)
    assert status.encode() not in answer.body
    with server.store.read() as tx:
        assert list_sessions(tx, person.id, NOW) == []
