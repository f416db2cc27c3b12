"""What is searched is found alike on both engines, and text is never SQL."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.state.accounts.groups import add_group, add_members
from yett.state.accounts.search import (
    All,
    Match,
    Not,
    Page,
    Some,
    search_groups,
    search_people,
)
from yett.state.accounts.users import DISABLED, add_user, change_user, find_login
from yett.state.errors import StateError

BEN = {
    "displayName": "Bén 100%_",
    "name": {"familyName": "O'Neil"},
    "title": "",
    "emails": [{"value": "b@x", "type": "work"}, {"value": "Home@X", "type": "home"}],
}


@pytest.fixture
def store(account_store):
    def work(tx):
        add_user(tx, login="Ada", name="Ada L", email="ada@example.com", now=NOW)
        fields = {"name": "Ben", "email": "b@x", "external": "X1", "profile": {"scim": BEN}}
        add_user(tx, login="ben", now=NOW + 5, status=DISABLED, **fields)
        gone = add_user(tx, login="gone", name="Gone", now=NOW)
        change_user(tx, gone, now=NOW, deleted=NOW)

    account_store.write(work)
    return account_store


def found(store, condition, **page):
    with store.read() as tx:
        return [one.login for one in search_people(tx, condition, Page(sort="login", **page))[0]]


@pytest.mark.parametrize(
    ("condition", "logins"),
    [
        (None, ["ada", "ben"]),
        (Match("login", "eq", " ADA "), ["ada"]),
        (Match("login", "ne", "ada"), ["ben"]),
        (Match("login", "eq", "a b"), []),
        (Match("login", "sw", "B"), ["ben"]),
        (Match("name", "eq", "ada l"), ["ada"]),
        (Match("name", "eq", "bén 100%_"), ["ben"]),
        (Match("name", "co", "%"), ["ben"]),
        (Match("name", "co", ""), ["ada", "ben"]),
        (Match("name", "ew", "_"), ["ben"]),
        (Match("name", "gt", "b"), ["ben"]),
        (Match("name", "le", "b"), ["ada"]),
        (Match("external", "eq", "x1"), []),
        (Match("external", "eq", "X1"), ["ben"]),
        (Match("external", "ew", "too long for it X1"), []),
        (Match("external", "pr"), ["ben"]),
        (Match("family_name", "eq", "o'neil"), ["ben"]),
        (Match("title", "pr"), []),
        (Not(Match("title", "pr")), ["ada", "ben"]),
        (Match("title", "ne", "boss"), ["ada", "ben"]),
        (Match("email", "eq", "HOME@x"), ["ben"]),
        (Match("email", "eq", "home@x", "work"), []),
        (Match("email", "eq", "home@x", "Home"), ["ben"]),
        (Match("email", "ne", "home@x"), ["ada"]),
        (Match("email", "pr", None, "work"), ["ben"]),
        (Match("email", "ew", "EXAMPLE.com"), ["ada"]),
        (Match("active", "eq", True), ["ada"]),
        (Match("active", "ne", True), ["ben"]),
        (Match("active", "pr"), ["ada", "ben"]),
        (Match("created", "gt", NOW), ["ben"]),
        (Match("created", "le", NOW), ["ada"]),
        (Match("changed", "pr"), ["ada", "ben"]),
        (All((Match("active", "eq", True), Match("login", "eq", "ben"))), []),
        (Some((Match("active", "eq", True), Match("login", "eq", "ben"))), ["ada", "ben"]),
        (Match("name", "eq", "x' OR '1'='1"), []),
        (Match("name", "eq", '"; DROP TABLE users; --'), []),
    ],
)
def test_people_are_found(store, condition, logins):
    """By each operator; ASCII case is folded where the attribute is not exact; the deleted never."""
    assert found(store, condition) == logins


@pytest.mark.parametrize(
    "condition",
    [
        Match("login", "eq", None),
        Match("active", "eq", "x"),
        Match("active", "gt", True),
        Match("created", "sw", "2"),
        Match("created", "eq", "2"),
        Match("name", "eq", True),
    ],
)
def test_what_cannot_be_compared_is_refused(store, condition):
    """A kind of value that the field does not have."""
    with pytest.raises(StateError):
        found(store, condition)


def test_pages_are_bounded(store):
    """Skipped, limited and counted; sorted by columns alone."""
    with store.read() as tx:
        rows, total = search_people(tx, None, Page(skip=1, limit=1, sort="login", descending=True))
        assert ([one.login for one in rows], total) == (["ada"], 2)
        assert search_people(tx, None, Page(limit=0)) == ([], 2)
        with pytest.raises(StateError, match="nothing is sorted by `email`"):
            search_people(tx, None, Page(sort="email"))


def test_groups_are_found(store):
    """By name, id, and who is in them."""

    def work(tx):
        group = add_group(tx, name="Clerks", external="e1", now=NOW)
        add_group(tx, name="Others", now=NOW)
        ada = find_login(tx, "ada").id
        add_members(tx, group.id, [ada])
        return group, ada

    group, ada = store.write(work)
    for condition, names in (
        (None, ["Clerks", "Others"]),
        (Match("name", "eq", "CLERKS"), ["Clerks"]),
        (Match("id", "eq", group.id), ["Clerks"]),
        (Match("member", "eq", ada), ["Clerks"]),
        (Match("member", "pr"), ["Clerks"]),
        (Match("member", "ne", ada), ["Others"]),
        (Match("external", "eq", "e1"), ["Clerks"]),
    ):
        with store.read() as tx:
            rows, total = search_groups(tx, condition, Page(sort="name"))
        assert ([one.name for one in rows], total) == (names, len(names))
    with store.read() as tx, pytest.raises(StateError, match="members are compared by `eq`"):
        search_groups(tx, Match("member", "co", "u"), Page())
