"""Records and the context as policies see them; what cannot be seen denies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.deciding import NOW, Scene, person

from yett.engine.entities import context, inputs, record, subject
from yett.policy.authz.model import Shape
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, Plain, Reference, SetOf
from yett.policy.cedar.values import make_datetime, make_ipaddr, make_set

STRING, LONG, BOOL = Plain("String"), Plain("Long"), Plain("Bool")
BOOKING = Shape(
    type="Booking",
    key=("id",),
    attributes=(
        (Attribute("customer", Reference("User")), ("customer_id",)),
        (Attribute("price", LONG), ("price",)),
        (Attribute("locked", BOOL, required=False), ("locked",)),
        (Attribute("tags", SetOf(STRING), required=False), ("meta", "tags")),
    ),
)
WHOLE = {"id": 3, "customer_id": 7, "price": 10}


def test_a_record_becomes_an_entity():
    """Ids are text, absent and null attributes are absent."""
    value = {**WHOLE, "locked": None, "meta": {"tags": ["a"]}}
    assert record(BOOKING, "3", value) == Entity(
        Uid("Booking", "3"),
        {"customer": Uid("User", "7"), "price": 10, "tags": make_set(["a"])},
    )


@pytest.mark.parametrize(
    "change",
    [
        {"price": None},
        {"price": "10"},
        {"price": 10.0},
        {"price": True},
        {"customer_id": {"id": 7}},
        {"customer_id": True},
        {"customer_id": 7.0},
        {"locked": "yes"},
        {"locked": 1},
        {"meta": {"tags": "a"}},
        {"meta": {"tags": [1]}},
    ],
)
def test_a_record_that_is_not_as_declared_is_none(change):
    """Nothing is coerced, and an optional attribute of another type is not dropped."""
    assert record(BOOKING, "3", WHOLE | change) is None


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"price": 1}, [WHOLE]])
def test_a_value_that_is_no_such_record_is_none(value):
    """What lacks a required attribute cannot be decided on."""
    assert record(BOOKING, "3", value) is None


def test_a_new_record_may_lack_what_the_service_adds():
    """Absent is absent, of another type is still refused."""
    assert record(BOOKING, "", {"price": 1}, partial=True).attrs == {"price": 1}
    assert record(BOOKING, "", {"price": "1"}, partial=True) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_no_value_breaks_a_record(value):
    """Hostile JSON is a None, never an exception."""
    made = record(BOOKING, "3", {"customer_id": value, "price": value, "meta": value})
    assert made is None or isinstance(made.attrs["price"], int)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("shop"))


def reached(scene, who=None, **headers):
    """An exchange after a run, as its steps left it."""
    scene.people["someone"] = who or person()
    scene.decide("GET", "/bookings/3", who="someone", **headers)
    x = scene.x
    x.context = None
    return x


def test_the_context_says_when_where_and_how_strongly(scene):
    """What was not proven is empty or absent."""
    x = reached(scene)
    assert context(x, None) == {
        "now": make_datetime(NOW),
        "source": make_ipaddr("203.0.113.9"),
        "secure": False,
        "acr": "",
        "amr": make_set(()),
    }
    assert context(x, seen=True)["seen"] is True
    assert "seen" not in context(x, None)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"acr": "high", "amr": ["pwd", "otp"], "auth_time": NOW - 60}, ("high", 2, 60)),
        ({"acr": 3, "amr": "otp", "auth_time": "soon"}, ("", 0, None)),
        ({"amr": ["otp", 1, None], "auth_time": True}, ("", 1, None)),
        ({"auth_time": NOW + 10}, ("", 0, 0)),
        ({"auth_time": NOW + 10_000}, ("", 0, None)),
        ({"auth_time": -1e300}, ("", 0, None)),
    ],
)
def test_claims_of_the_sign_in_are_read_strictly(scene, claims, expected):
    """A claim of another type proves nothing, nor does a sign-in of the future."""
    found = context(reached(scene, person(claims=claims)), None)
    assert (found["acr"], len(list(found["amr"])), found.get("auth_age")) == expected


def test_a_caller_without_an_address_has_none(scene):
    """A rule that asks for the address of a unix socket errs, and an erring rule denies."""
    x = reached(scene)
    x.request = type("Request", (), {"source": "unix", "secure": False})()
    assert "source" not in context(x, None)


def test_the_caller_is_made_once(scene):
    """Each decision of an exchange is about the same entity."""
    x = reached(scene)
    assert subject(x) is subject(x)


def test_who_cannot_be_an_entity_stands_for_nobody(scene):
    """The exchange remembers why; the entity has nothing a rule could permit by."""
    x = reached(scene, person(kind="robot"))
    x.subject = None
    assert subject(x) == Entity(Uid("Anonymous", ""))
    assert "robot" in x.unjudged


def test_a_record_of_the_caller_is_merged_with_the_caller(scene):
    """What was verified wins over what a record says of the same attribute."""
    x = reached(scene, person("7", "staff"))
    own = Entity(Uid("User", "7"), {"roles": make_set(["root"]), "mail": "a@b"})
    merged = inputs(x, own.uid, own, None).entities[own.uid]
    assert merged.attrs["roles"] == make_set(["staff"])
    assert merged.attrs["mail"] == "a@b"
    assert Uid("Role", "staff") in merged.ancestors


def test_a_record_of_another_user_has_no_proven_attributes(scene):
    """A stranger's record has its name and what it shows; empty roles would be a statement."""
    x = reached(scene)
    other = Entity(Uid("User", "8"), {"mail": "a@b"})
    made = inputs(x, other.uid, other, None).entities[other.uid]
    assert made.attrs == {"id": "8", "mail": "a@b"}
    assert made.ancestors == frozenset()


def test_a_record_of_a_type_that_never_calls_stays_as_it_is(scene):
    """Only principals have principals' attributes."""
    one = Entity(Uid("Booking", "3"), {"price": 1})
    assert inputs(reached(scene), one.uid, one, None).entities[one.uid] is one
