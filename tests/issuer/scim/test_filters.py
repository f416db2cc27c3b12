"""Filters find what they say, cost what they must, and are never anything but filters."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.directory import ENTERPRISE
from scim2_models import ScimFilter

from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.filters import GROUPS, PEOPLE, condition_of, sort_field
from yett.issuer.scim.models import Person
from yett.state.accounts.search import All, Match, Not, Some


def read(text, fields=PEOPLE):
    return condition_of(ScimFilter[Person](text), fields)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('userName eq "ada"', Match("login", "eq", "ada")),
        (
            'urn:ietf:params:scim:schemas:core:2.0:User:USERNAME Eq "ada"',
            Match("login", "eq", "ada"),
        ),
        ("title pr", Match("title", "pr")),
        ("active eq true", Match("active", "eq", True)),
        ('emails[type eq "work"].value eq "a@x"', Match("email", "eq", "a@x", "work")),
        ('emails[type eq "work" and value sw "a"]', Match("email", "sw", "a", "work")),
        ('emails[type eq "work"]', Match("email", "pr", None, "work")),
        ('meta.lastModified gt "2027-01-15T08:00:00Z"', Match("changed", "gt", 1800000000.0)),
        ('not (id eq "x")', Not(Match("id", "eq", "x"))),
        (
            'name.givenName co "a" and (title pr or externalId eq "e")',
            All(
                (
                    Match("given_name", "co", "a"),
                    Some((Match("title", "pr"), Match("external", "eq", "e"))),
                )
            ),
        ),
    ],
)
def test_a_filter_is_a_condition(text, wanted):
    """Attributes are fields of the store; names and operators fold case."""
    assert read(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "locale pr",
        "roles pr",
        "groups pr",
        f'{ENTERPRISE}:department eq "x"',
        'emails[display eq "x"]',
        'emails[type eq "a" or value eq "b"]',
        " or ".join(["title pr"] * 33),
    ],
)
def test_what_cannot_be_searched_is_refused(text):
    """An attribute beyond the table, a selection beyond type and value, too many comparisons."""
    with pytest.raises(ScimError) as refused:
        read(text)
    assert refused.value.status == 400
    assert refused.value.kind == "invalidFilter"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "title pr" + ")" * 1000,
        "not (" * 300 + "title pr" + ")" * 300,
        'userName eq "' + "\\\\" * 900 + '"',
        'userName eq "a"; DROP TABLE users',
        "userName eq 'ada'",
        "__import__",
        "userName eq",
        'userName eq "a" and',
        'userName eq "\ud800"',
        'password eq "x"',
        'meta.created eq "yesterday"',
        "meta.created gt 5",
        'active co "t"',
        "userName eq 5",
        "active gt true",
        'userName eq "a\x00"',
        "a" * 3000,
        'userName sw "\\u0000"',
    ],
)
def test_hostile_filters_are_refused_quickly(directory, text):
    """Depth, length, SQL, controls: 400 at once, or plainly nobody; never a 5xx."""
    begun = time.perf_counter()
    status, body, _ = directory.ask("GET", "/Users", filter=text)
    assert time.perf_counter() - begun < 5
    assert status in (200, 400)
    if status == 200:
        assert body["totalResults"] <= 1
    else:
        assert body["scimType"] == "invalidFilter"


def test_text_that_looks_like_sql_is_text(directory):
    """Quotes, wildcards and comments are compared as they are."""
    directory.add("ben", displayName="100% _ ' OR 1=1 --")
    directory.add("ada", displayName="100 percent")
    assert len(directory.find("/Users", 'displayName co "\' OR 1=1 --"')) == 1
    assert len(directory.find("/Users", 'displayName co "%"')) == 1
    assert directory.find("/Users", 'displayName sw "_"') == []
    assert directory.find("/Users", "userName eq \"x' OR '1'='1\"") == []


def test_sorting_is_by_few_attributes():
    """By columns alone, and by nothing where nothing is said."""
    assert sort_field(None, PEOPLE) == ""
    assert sort_field("meta.lastModified", PEOPLE) == "changed"
    assert sort_field("displayName", GROUPS) == "name"
    for path in ("emails", "title", "password"):
        with pytest.raises(ScimError, match="invalidPath"):
            sort_field(path, PEOPLE)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='userNamet eq"()[].\\andornotpr:-1truel', max_size=60))
def test_no_text_breaks_the_reader(text):
    """Whatever is sent is a condition or a refusal."""
    from scim2_models import SCIMException  # noqa: PLC0415

    try:
        read(text)
    except (ScimError, SCIMException):
        return
