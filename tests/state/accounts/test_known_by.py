"""Which accounts a caller may be: by id, login, address and link, whatever the case."""

from __future__ import annotations

import pytest
from kit.accounts import account_store, postgresql_url

from yett.state.accounts.known_by import MAX_NAMES, accounts_known_by, names_of
from yett.state.accounts.links import Link, add_link
from yett.state.accounts.users import add_user

__all__ = ["account_store", "postgresql_url"]

NOW = 1_800_000_000.0
PROVIDER = "https://idp.example"


@pytest.fixture
def dora(account_store):
    def add(tx):
        add_user(tx, login="eve", email="eve@example.com", now=NOW)
        user = add_user(tx, login="Dora", email="Dora.D@Example.com", now=NOW)
        add_link(tx, Link(issuer=PROVIDER, subject="Idp|77", user=user.id, created=NOW))
        return user

    return account_store.write(add)


def known(store, *names, issuer="i", subject="s"):
    with store.read() as tx:
        return [one.login for one in accounts_known_by(tx, names, issuer=issuer, subject=subject)]


@pytest.mark.parametrize("name", ["dora", "DORA", "dora.d@example.com", "\uff24ora"])
def test_a_name_finds_its_account(account_store, dora, name):
    """Login and address, in any case and width."""
    assert known(account_store, name) == ["dora"]


def test_id_and_link_find_it(account_store, dora):
    """The id is the `sub` of our own tokens; a link counts for its own issuer alone."""
    assert known(account_store, dora.id) == ["dora"]
    assert known(account_store, issuer=PROVIDER, subject="Idp|77") == ["dora"]
    assert known(account_store, issuer="https://other", subject="Idp|77") == []


def test_others_are_nobody(account_store, dora):
    """Neither part of a name, nor an empty one, nor none at all."""
    assert known(account_store, "dor", "", "%", "dora ", "d_ra") == []
    assert known(account_store) == []


def test_several_names_may_be_several_accounts(account_store, dora):
    """A doubt finds more rather than fewer; what is asked is bounded."""
    assert sorted(known(account_store, "dora", "eve")) == ["dora", "eve"]
    assert known(account_store, *(f"a{n}" for n in range(MAX_NAMES * 4))) == []


def test_a_name_is_found_in_every_spelling_that_callers_have(account_store):
    """A token's claim is folded by case alone; the account's own name is told both ways."""
    wide = account_store.write(lambda tx: add_user(tx, login="eve", email="\uff25ve@x", now=NOW))
    with account_store.read() as tx:
        assert {"\uff45ve@x", "eve@x"} <= names_of(tx, wide)


def test_an_account_has_all_its_names(account_store, dora):
    """Id, login, address, and whom providers call it."""
    with account_store.read() as tx:
        assert names_of(tx, dora) == {dora.id, "dora", "dora.d@example.com", "idp|77"}
