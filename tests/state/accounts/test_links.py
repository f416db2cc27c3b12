"""Links to people of outside providers: by issuer and subject, each to one account."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from yett.state.accounts.links import Link, add_link, drop_link, find_link, links_of

NOW = 1_800_000_000.0
LINK = Link(issuer="https://login.example.com", subject="42", user="u_a", created=NOW)


def add(store, **changes):
    fields = {name: getattr(LINK, name) for name in Link.__struct_fields__}
    store.write(lambda tx: add_link(tx, Link(**{**fields, **changes})))


def test_a_link_is_found_by_issuer_and_subject(account_store):
    """Neither the same subject of another provider nor another spelling of it is the same person."""
    add(account_store)
    with account_store.read() as tx:
        assert find_link(tx, LINK.issuer, "42") == LINK
        assert find_link(tx, "https://other.example.com", "42") is None
        assert find_link(tx, LINK.issuer, "42 ") is None
        assert find_link(tx, LINK.issuer, "") is None


def test_a_person_is_one_account(account_store):
    """A person who is linked cannot be linked to another account as well."""
    add(account_store)
    with pytest.raises(IntegrityError):
        add(account_store, user="u_b")


def test_an_account_may_have_several(account_store):
    """Links of an account come oldest first."""
    add(account_store, subject="43", created=NOW + 1)
    add(account_store)
    add(account_store, subject="44", user="u_b")
    with account_store.read() as tx:
        assert [link.subject for link in links_of(tx, "u_a")] == ["42", "43"]


def test_a_dropped_link_is_gone(account_store):
    """After it was taken away nobody signs in by it; a stranger's is not taken away."""
    add(account_store)
    stranger = Link(issuer=LINK.issuer, subject="42", user="u_b", created=NOW)
    assert not account_store.write(lambda tx: drop_link(tx, stranger))
    assert account_store.write(lambda tx: drop_link(tx, LINK))
    assert not account_store.write(lambda tx: drop_link(tx, LINK))
