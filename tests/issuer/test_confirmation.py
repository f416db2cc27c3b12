"""An answer counts once, for the session that was asked, and for what it was asked."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.issuer.confirmation import TICKET_SECONDS, ask_once, take_once
from yett.state.accounts.sessions import add_session


def session_of(server, person, name):
    return server.store.write(
        lambda tx: add_session(
            tx, digest=name, user=person.id, acr="a", amr=(), now=NOW, expires=NOW + 3600
        )
    )


@pytest.fixture
def session(server, person):
    return session_of(server, person, "one")


@pytest.fixture
def secret(server, session):
    return server.store.write(lambda tx: ask_once(tx, session, "consent", {"r": "x"}, NOW))


def take(server, session, secret, purpose="consent", now=NOW):
    return server.store.write(lambda tx: take_once(tx, session, purpose, secret, now))


def test_it_is_answered_once(server, session, secret):
    """What was asked comes back with the first answer, and with no other."""
    assert take(server, session, secret) == {"r": "x"}
    assert take(server, session, secret) is None


def test_nobody_else_answers(server, person, session, secret):
    """Another session of the same person, another page, a guess and an old page do not count."""
    other = session_of(server, person, "two")
    assert take(server, other, secret) is None
    assert take(server, session, secret, purpose="end-session") is None
    assert take(server, session, "") is None
    assert take(server, session, secret, now=NOW + TICKET_SECONDS) is None
    assert take(server, session, secret) == {"r": "x"}
