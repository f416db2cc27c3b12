from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.oauth import Party

from yett.issuer.pending import (
    Pending,
    finish_pending,
    keep_pending,
    push_pending,
    read_pending,
    take_pushed,
)

DETAIL = {"type": "urn:yett:operation", "operation": "shop.pay", "digest": "a1" * 32}
ASKED = Pending(
    client="app",
    redirect="https://app.example.com/callback",
    scopes=("a", "b"),
    state='s"&',
    nonce="n",
    challenge="c" * 43,
    acr=("urn:yett:multi-factor",),
    max_age=0.0,
    prompt=("login",),
    login_hint="ada",
    details=(DETAIL,),
    created=NOW,
)


@pytest.fixture
def party(server):
    return Party(server)


def test_read_as_it_was(server, party):
    """All that was asked comes back, with the client's name of today."""
    kept = server.store.write(lambda tx: keep_pending(tx, ASKED, NOW))
    party.change(name="The App")
    with server.store.read() as tx:
        found = read_pending(tx, kept.id, NOW)
    assert (found.client_name, found.id, found.expires) == ("The App", kept.id, NOW + 600)
    for name in Pending.__struct_fields__:
        if name not in ("id", "client_name", "expires"):
            assert getattr(found, name) == getattr(ASKED, name), name


def test_nothing_for_others(server, party):
    """An unknown id, an answered one, one that is over, or of a disabled client reads as none."""
    kept = server.store.write(lambda tx: keep_pending(tx, ASKED, NOW))

    def read(name=kept.id, now=NOW):
        with server.store.read() as tx:
            return read_pending(tx, name, now)

    assert read("x") is None
    assert read("") is None
    assert read(now=NOW + 600) is None
    party.change(status="disabled")
    assert read() is None
    party.change(status="active")
    assert server.store.write(lambda tx: finish_pending(tx, kept, NOW))
    assert not server.store.write(lambda tx: finish_pending(tx, kept, NOW))
    assert read() is None


def test_pushed(server, party):
    """A pushed request is taken once, by its client; a stranger's try leaves it."""
    secret = server.store.write(lambda tx: push_pending(tx, ASKED, 60.0, NOW))

    def take(client="app", now=NOW):
        return server.store.write(lambda tx: take_pushed(tx, secret, client, now))

    assert take("other") is None
    assert take(now=NOW + 60) is None
    assert take().state == ASKED.state
    assert take() is None
