"""Rows become structs of the right types, or fail loudly."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from yett.state.accounts import tables
from yett.state.accounts.clients import Client, add_client
from yett.state.accounts.rows import as_struct


def test_lists_become_tuples(account_store):
    """What comes out can be no longer changed by whoever holds it."""
    account_store.write(lambda tx: add_client(tx, Client(id="c", kind="public", auth="none")))
    with account_store.read() as tx:
        row = tx.execute(select(tables.clients)).mappings().one()
        assert as_struct(row, Client).scopes == ()


def test_a_row_that_was_written_by_hand_is_not_guessed_at(account_store):
    """A string where a list belongs is an error, and no list of characters."""
    account_store.write(lambda tx: add_client(tx, Client(id="c", kind="public", auth="none")))
    account_store.write(lambda tx: tx.execute(tables.clients.update().values(scopes="admin")))
    with account_store.read() as tx, pytest.raises(msgspec.ValidationError):
        as_struct(tx.execute(select(tables.clients)).mappings().one(), Client)
