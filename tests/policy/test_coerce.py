"""Numbers and booleans have one form in a parameter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy.coerce import (
    UNREADABLE,
    Kind,
    kind_of,
    read_boolean,
    read_integer,
    read_number,
    scalar_reader,
)
from yett.policy.notes import Notes
from yett.policy.schemas import Schemas

HOSTILE = [
    "",
    " 5",
    "5 ",
    "+5",
    "05",
    "-05",
    "--5",
    "1_0",
    "\u0665",
    "\uff15",
    "²",
    "0x5",
    "5L",
    "5\n",
    "\t5",
    "1,000",
    "NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "null",
    "true",
]


@pytest.mark.parametrize("text", [*HOSTILE, "5.0", "5e0", "9" * 20, "-"])
def test_integers_refused(text):
    """Whatever a framework might read leniently as an integer is refused (notes B7)."""
    assert read_integer(text) is UNREADABLE


@pytest.mark.parametrize("text", [*HOSTILE, "5.", ".5", "1e", "1e+", "1e999", "1.5.2", "1e1000"])
def test_numbers_refused(text):
    """Only the grammar of JSON is a number, and only a finite one."""
    assert read_number(text) is UNREADABLE


@pytest.mark.parametrize("text", ["True", "TRUE", "1", "0", "on", "yes", "t", "", " true", "tru"])
def test_booleans_refused(text):
    """Only `true` and `false` are booleans."""
    assert read_boolean(text) is UNREADABLE


@given(st.integers(-(10**19) + 1, 10**19 - 1))
def test_integers_read(value):
    """An integer in its usual form is read exactly."""
    assert read_integer(str(value)) == value


@given(st.text("0123456789.eE+- ", max_size=12))
def test_numbers_agree_with_json(text):
    """Whatever is read as a number is the number JSON reads."""
    found = read_number(text)
    if found is not UNREADABLE:
        assert found == json.loads(text)


def kind(schema, components=None):
    notes = Notes(Report(), Source())
    document = {"components": {"schemas": components or {}}}
    return kind_of(Schemas(document, "3.1", notes), schema)


@pytest.mark.parametrize(
    ("schema", "scalars"),
    [
        ({}, ("string",)),
        ({"type": "integer"}, ("integer",)),
        ({"type": ["integer", "null"]}, ("integer",)),
        ({"type": ["integer", "number"]}, ("number",)),
        ({"enum": ["a", 1]}, ("integer", "string")),
        ({"const": True}, ("boolean",)),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, ("integer", "string")),
        ({"allOf": [{"$ref": "#/components/schemas/I"}]}, ("integer",)),
        ({"type": "array", "items": {}}, ()),
        ({"properties": {}}, ()),
    ],
)
def test_kinds(schema, scalars):
    """The types a text may stand for follow from the schema, through references and branches."""
    assert kind(schema, {"I": {"type": "integer"}}).scalars == scalars


def test_recursive_kinds_end():
    """A schema that contains itself gives a finite kind."""
    tree = {"type": "object", "properties": {"t": {"$ref": "#/components/schemas/T"}}}
    assert kind({"$ref": "#/components/schemas/T"}, {"T": tree}).fields is not None


def test_union_order():
    """Of several types the first whose form the text has wins, text last."""
    read = scalar_reader(Kind(scalars=("integer", "boolean", "string")))
    assert [read("5"), read("true"), read("05")] == [5, True, "05"]
