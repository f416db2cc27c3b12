"""What a sign-in is for: carried by name, read anew from the store."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.sign_in.waiting import Waiting, read_waiting
from yett.state.accounts.users import User

ASK = Ask(method="GET", path="/sign-in", now=NOW)


def read(server, **said):
    with server.store.read() as tx:
        return read_waiting(server, tx, ASK, said)


def test_names_of_places_are_kept_and_others_dropped(server):
    """`to` is one of ours or nothing."""
    assert read(server, to="passkey").data == {"to": "passkey"}
    assert read(server, to="https://evil.example").data == {}
    assert read(server, other="yes").data == {"other": "1"}


def test_an_unknown_request_is_over(server):
    """It is said, before anybody signs in for nothing."""
    with pytest.raises(OAuthError, match="invalid_request"):
        read(server, r="unknown")


def test_links_carry_what_it_is_for():
    """Encoded, so that nothing runs into anything else."""
    waiting = Waiting(r="a&b", to="account")
    assert waiting.link("/sign-in/recovery") == "/sign-in/recovery?r=a%26b&to=account"
    assert Waiting().link("/sign-in") == "/sign-in"


def test_each_sign_in_has_its_own_ceremony():
    """Another request, place, person or browser is another challenge."""
    ada, bob = User(id="u_a", login="a"), User(id="u_b", login="b")
    waits = [
        Waiting(),
        Waiting(r="1"),
        Waiting(to="account"),
        Waiting(user=ada),
        Waiting(user=bob),
    ]
    names = {waiting.ceremony("h").name for waiting in waits}
    assert len(names) == len(waits)
    assert waits[0].ceremony("x").name not in names
