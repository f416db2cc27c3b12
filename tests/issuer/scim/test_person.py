"""An account and a SCIM user say the same of a person."""

from __future__ import annotations

import pytest

from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.models import Person
from yett.issuer.scim.person import KEPT, as_person, columns_of, moment
from yett.state.accounts.users import find_user


def columns(**said):
    return columns_of(Person.model_validate({"userName": "Ben", **said}), {"mine": 1})


@pytest.mark.parametrize(
    ("said", "field", "wanted"),
    [
        ({}, "login", "ben"),
        ({"displayName": "Ben O"}, "name", "Ben O"),
        ({"name": {"formatted": "B O"}}, "name", "B O"),
        ({"name": {"givenName": "B", "familyName": "O"}}, "name", "B O"),
        ({"emails": [{"value": "a@x"}, {"value": "b@x", "primary": True}]}, "email", "b@x"),
        ({"emails": [{"type": "work"}, {"value": "a@x"}]}, "email", "a@x"),
        ({"externalId": "e"}, "external", "e"),
        ({}, "external", ""),
    ],
)
def test_what_yett_needs_is_in_the_row(said, field, wanted):
    """The primary address or the first, the name to show or what makes one."""
    assert columns(**said)[field] == wanted


def test_the_rest_is_in_the_profile():
    """Beside what else is there; nothing of what yett decides itself."""
    profile = columns(title="clerk", active=False, externalId="e")["profile"]
    assert profile["mine"] == 1
    assert profile[KEPT] == {"userName": "Ben", "title": "clerk"}


def test_a_login_that_cannot_be_is_refused():
    """In words, with what is possible."""
    for name in ("", "a b", "a" * 200):
        with pytest.raises(ScimError, match="invalidValue"):
            columns(userName=name)


def test_who_came_otherwise_is_shown_too(lives):
    """An account that an operator made has a user name, a name and an address."""
    user = lives.person("ada", name="Ada L", email="ada@example.com")
    shown = lives.read(lambda tx: as_person(lives.server, tx, find_user(tx, user.id)))
    assert (shown.user_name, shown.display_name, shown.active) == ("ada", "Ada L", True)
    assert shown.emails[0].value == "ada@example.com"
    assert [one.value for one in shown.roles] == ["clerk"]


def test_times_are_utc():
    """RFC 7643 s2.3.5."""
    assert moment(0.5) == "1970-01-01T00:00:00.500000+00:00"
