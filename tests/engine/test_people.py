"""Who counts as one person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.engine.people import MAX_ACTORS, Person, person_of, same
from yett.terms import Principal


def user(id_, client="app", **claims):
    return person_of(Principal(id=id_, kind="user", issuer="iss", client=client, claims=claims))


def key(owner, issuer="yett:keys"):
    return person_of(Principal(id=owner, kind="key", issuer=issuer, credential="Ab3dEf9h"))


def service(id_):
    return person_of(Principal(id=id_, kind="service", issuer="iss", client=id_))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (user("anna"), user("anna", client="other")),
        (user("anna"), user("ANNA")),
        (user("anna"), key("anna")),
        (user("u1", email="anna@example.com"), key("anna@example.com")),
        (user("u1", preferred_username="anna"), key("anna")),
        (user("u1", email="Anna@example.com"), user("u2", email="anna@example.com")),
        (service("robot"), service("robot")),
        (service("robot"), key("robot")),
        (user("anna", client="robot"), service("robot")),
        (user("anna"), person_of(Principal(id="r", kind="service", issuer="i", client="r",
                                           claims={"owner": "anna"}))),
        (user("anna"), user("bo", act={"sub": "anna"})),
        (user("anna"), user("bo", act={"sub": "x", "act": {"sub": "anna"}})),
    ],
)  # fmt: skip
def test_whoever_may_be_one_person_is_one(one, two):
    """A token, a key, a service account or a delegation of the same person makes no second one."""
    assert same(one, two)
    assert same(two, one)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (user("anna"), user("bo")),
        (user("anna"), key("bo")),
        (user("anna"), service("robot")),
        (key("anna"), key("bo")),
        (user("anna", email=""), user("bo", email="")),
        (user("anna", email=None), user("bo", email=7)),
        (user("anna", act="bo"), user("bo", act=["anna"])),
    ],
)
def test_people_who_share_an_application_are_several(one, two):
    """Neither the client id of an app that both use nor an empty claim makes two people one."""
    assert not same(one, two)
    assert not same(two, one)


def test_a_delegation_without_end_is_cut():
    """A hostile `act` that nests deeply costs no more than a few levels."""
    act = {"sub": "last"}
    for level in range(1000):
        act = {"sub": f"level{level}", "act": act}
    assert len(user("anna", act=act).names) == 1 + MAX_ACTORS


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["user", "key", "service"]))
def test_the_rule_is_symmetric_and_holds_for_oneself(one, two, kind):
    """Order never matters, and everybody is the same person as themselves."""
    a = person_of(Principal(id=one, kind=kind, issuer="i"))
    b = person_of(Principal(id=two, kind="user", issuer="j"))
    assert same(a, a)
    assert same(a, b) == same(b, a)


def test_a_person_keeps_no_claims():
    """What is stored of a caller is names and identifiers, not the token's claims."""
    assert user("anna", email="a@b", phone="123") == Person(
        id="anna", issuer="iss", kind="user", client="app", names=("a@b", "anna")
    )
