"""Streams are managed with a plain, living access token of ours that has the scope."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW

from yett.issuer.clients import disable
from yett.issuer.tokens import mint_access
from yett.state.accounts.clients import find_client
from yett.state.accounts.grants import Grant
from yett.state.accounts.revocations import revoke

STREAMS = "/ssf/streams"


def status(manager, token=None):
    return manager.ask("GET", STREAMS, token=token)[0]


def test_a_revoked_token_manages_nothing(lives, manager):
    """Revocation counts at the issuer's own endpoints, too."""
    assert status(manager) == 200
    lives.write(lambda tx: revoke(tx, "client", "rx", now=NOW, reason="", by="", before=NOW + 1))
    assert status(manager) == 401


def test_a_disabled_client_manages_nothing(lives, manager):
    """Nor when its token is still good for minutes."""

    def work(tx):
        disable(lives.server, tx, find_client(tx, "rx"), now=NOW + 1, by="")

    lives.write(work)
    assert status(manager) == 401


def test_an_expired_token_manages_nothing(lives, manager):
    """As at the gate."""
    lives.now = NOW + 3700
    assert status(manager) == 401


def test_a_bound_token_is_no_bearer_token(lives, manager):
    """A stolen one would otherwise be good here."""
    client = lives.read(lambda tx: find_client(tx, "rx"))
    grant = msgspec.structs.replace(Grant(id="", client="rx"), binding="jkt:" + "A" * 43)
    bound = lives.write(
        lambda tx: mint_access(lives.server, tx, grant, client, ("ssf",), now=NOW)
    ).token
    assert status(manager, bound) == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.AAAA", "é"])
def test_what_is_no_token_is_a_401(manager, token):
    """Never a server error."""
    assert status(manager, token) == 401
