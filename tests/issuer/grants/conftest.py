"""An issuer on each engine, and a client with somebody who grants it things."""

from __future__ import annotations

import pytest
from kit.accounts import make_server
from kit.oauth import Party


@pytest.fixture
def either(account_store, tmp_path):
    """An issuer on SQLite, then on PostgreSQL."""
    made = make_server(tmp_path)
    made.store.close()
    made.store = account_store
    return made


@pytest.fixture
def party(either):
    """A confidential client; the moment at which transactions commit is its own `now`."""
    made = Party(either)
    either.clock = lambda: made.now
    return made


@pytest.fixture
def public(server):
    """A public client, on SQLite."""
    made = Party(server, "none", name="spa")
    server.clock = lambda: made.now
    return made
