"""The prepared way from JSON to entities means what the plain one means, for every value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yett.engine.answers.making import make_maker, make_namer
from yett.engine.entities import record
from yett.engine.pointing import pointed, text_of
from yett.policy.authz.model import Shape
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf

UID = Uid("Booking", "7")
ATTRIBUTES = {
    "s": Plain("String"),
    "l": Plain("Long"),
    "b": Plain("Bool"),
    "t": Plain("datetime"),
    "r": Reference("User"),
    "many": SetOf(Plain("String")),
    "rec": Record((Attribute("x", Plain("Long")),)),
}


def shape(*names, below=(), required=True):
    pairs = [(Attribute(name, ATTRIBUTES[name], required), (*below, name)) for name in names]
    return Shape(type="Booking", key=("id",), attributes=tuple(pairs))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01", "\ud800"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("x"), inner),
    max_leaves=5,
)
RECORDS = st.dictionaries(st.sampled_from([*ATTRIBUTES, "id"]), VALUES) | VALUES


@given(RECORDS, st.lists(st.sampled_from([*ATTRIBUTES]), unique=True), st.booleans(), st.booleans())
def test_entities_are_the_same(value, names, required, nested):
    """Present, absent, null, wrong and nested attributes end alike."""
    made = shape(*names, below=("in",) if nested else (), required=required)
    value = {"in": value} if nested else value
    assert make_maker(made)(UID, value) == record(made, UID.id, value)


@given(RECORDS, st.sampled_from([(), ("id",), ("rec", "x")]))
def test_names_are_the_same(value, key):
    """An id is text or an integer, bounded, or none."""
    expected = text_of(pointed(value, key)) if key else None
    assert make_namer(key)(value) == expected


def test_an_id_is_bounded():
    """A megabyte of text names nothing."""
    assert make_namer(("id",))({"id": "x" * 1_000_000}) is None
    assert make_namer(("id",))({"id": 10**600}) is None
    assert make_namer(("id",))({"id": ""}) is None


def test_rules_that_read_nothing_need_no_shape():
    """Then any JSON is a record."""
    assert make_maker(None)(UID, 7) == Entity(UID)
    assert make_maker(shape())(UID, None) == Entity(UID)
