"""Rows of clients go in and come out as they are, on both engines."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW
from sqlalchemy.exc import IntegrityError

from yett.state.accounts.clients import (
    Client,
    ClientSecret,
    add_client,
    change_client,
    find_client,
    list_clients,
    touch_client,
)

FULL = Client(
    id="c_1",
    kind="confidential",
    auth="client_secret_basic",
    name="Wäb shop",
    owner="u_1",
    secrets=(ClientSecret(digest="d", created=NOW, expires=NOW + 1),),
    jwks={"keys": [{"kty": "EC"}]},
    certificate="dns:x",
    grants=("authorization_code",),
    redirects=("https://a/cb",),
    logout_redirects=("https://a/",),
    scopes=("a", "b"),
    roles=("r",),
    tenant="t",
    bound=True,
    trusted=True,
    created=NOW,
    active=NOW,
    warned=NOW,
    disabled=NOW,
)


def test_all_of_it_comes_back(account_store):
    """Lists, objects, booleans and times are what they were; an unknown id is none."""
    account_store.write(lambda tx: add_client(tx, FULL))
    with account_store.read() as tx:
        assert find_client(tx, "c_1") == FULL
        assert find_client(tx, "c_2") is None


def test_whatever_was_sent_may_be_asked_for(account_store):
    """A NUL, half a surrogate, a long text: no such client, and no failure of the store."""
    with account_store.read() as tx:
        for name in ("", "a\0b", "\ud800", "x" * 100_000, "' OR 1=1 --", "é"):
            assert find_client(tx, name) is None


def test_an_id_names_one_client(account_store):
    """A second one of the same id is refused by the store itself."""
    account_store.write(lambda tx: add_client(tx, FULL))
    with pytest.raises(IntegrityError):
        account_store.write(lambda tx: add_client(tx, FULL))


def test_services_are_listed_apart(account_store):
    """All, services alone, or applications alone, by id."""
    service = msgspec.structs.replace(FULL, id="a_1", kind="service")
    for one in (FULL, service):
        account_store.write(lambda tx, one=one: add_client(tx, one))
    with account_store.read() as tx:
        assert [one.id for one in list_clients(tx)] == ["a_1", "c_1"]
        assert [one.id for one in list_clients(tx, services=True)] == ["a_1"]
        assert [one.id for one in list_clients(tx, services=False)] == ["c_1"]


def test_a_change_is_whole(account_store):
    """The row is what was given, and no other row is touched."""
    other = msgspec.structs.replace(FULL, id="c_2")
    for one in (FULL, other):
        account_store.write(lambda tx, one=one: add_client(tx, one))
    changed = msgspec.structs.replace(FULL, secrets=(), scopes=(), bound=False)
    assert account_store.write(lambda tx: change_client(tx, changed))
    unknown = msgspec.structs.replace(FULL, id="c_3")
    assert not account_store.write(lambda tx: change_client(tx, unknown))
    with account_store.read() as tx:
        assert (find_client(tx, "c_1"), find_client(tx, "c_2")) == (changed, other)


def test_use_is_written_once_a_minute(account_store):
    """Within a minute nothing is written; after it the time and the end of a warning."""
    account_store.write(lambda tx: add_client(tx, FULL))
    for now, active, warned in ((NOW + 60, NOW, NOW), (NOW + 61, NOW + 61, 0.0)):
        account_store.write(lambda tx, now=now: touch_client(tx, "c_1", now))
        with account_store.read() as tx:
            found = find_client(tx, "c_1")
        assert (found.active, found.warned) == (active, warned)
