"""The style table of OpenAPI, row by row."""

from __future__ import annotations

import pytest

from yett.policy.coerce import UNREADABLE, Kind
from yett.policy.styles import MAX_PARTS, readings, value_reader

STRING = Kind()
ARRAY = Kind(scalars=(), items=Kind())
OBJECT = Kind(scalars=(), fields={"R": Kind(scalars=("integer",)), "G": Kind(), "B": Kind()})
COLORS = ["blue", "black", "brown"]
RGB = {"R": 100, "G": "200", "B": "150"}

# OpenAPI 3.2.0 s4.12.2 "Style Examples", with the parameter named `color`.
ROWS = [
    ("matrix", False, STRING, ";color=blue", "blue"),
    ("matrix", False, ARRAY, ";color=blue,black,brown", COLORS),
    ("matrix", False, OBJECT, ";color=R,100,G,200,B,150", RGB),
    ("matrix", True, STRING, ";color=blue", "blue"),
    ("matrix", True, ARRAY, ";color=blue;color=black;color=brown", COLORS),
    ("matrix", True, OBJECT, ";R=100;G=200;B=150", RGB),
    ("label", False, STRING, ".blue", "blue"),
    ("label", False, ARRAY, ".blue,black,brown", COLORS),
    ("label", False, OBJECT, ".R,100,G,200,B,150", RGB),
    ("label", True, STRING, ".blue", "blue"),
    ("label", True, ARRAY, ".blue.black.brown", COLORS),
    ("label", True, OBJECT, ".R=100.G=200.B=150", RGB),
    ("simple", False, STRING, "blue", "blue"),
    ("simple", False, ARRAY, "blue,black,brown", COLORS),
    ("simple", False, OBJECT, "R,100,G,200,B,150", RGB),
    ("simple", True, ARRAY, "blue,black,brown", COLORS),
    ("simple", True, OBJECT, "R=100,G=200,B=150", RGB),
    ("form", False, ARRAY, "blue,black,brown", COLORS),
    ("form", False, OBJECT, "R,100,G,200,B,150", RGB),
    ("spaceDelimited", False, ARRAY, "blue black brown", COLORS),
    ("spaceDelimited", False, OBJECT, "R 100 G 200 B 150", RGB),
    ("pipeDelimited", False, ARRAY, "blue|black|brown", COLORS),
    ("pipeDelimited", False, OBJECT, "R|100|G|200|B|150", RGB),
]


@pytest.mark.parametrize(("style", "explode", "kind", "text", "value"), ROWS)
def test_table(style, explode, kind, text, value):
    """Each row of the specification's table is read as it says."""
    assert value_reader(kind, style, explode=explode, name="color")(text) == value


@pytest.mark.parametrize(
    ("style", "explode", "kind", "text"),
    [
        ("matrix", False, STRING, "blue"),
        ("matrix", False, STRING, ";colour=blue"),
        ("matrix", True, ARRAY, ";color=blue;other=black"),
        ("matrix", True, STRING, ";other=blue"),
        ("label", False, STRING, "blue"),
        ("simple", False, OBJECT, "R,100,G"),
        ("simple", False, OBJECT, "R,100,R,200"),
        ("simple", True, OBJECT, "R=100,G"),
        ("simple", False, OBJECT, "R,x"),
        ("simple", False, Kind(scalars=(), items=Kind(scalars=("integer",))), "1,,2"),
        ("simple", False, ARRAY, "," * (MAX_PARTS + 1)),
    ],
)
def test_refused(style, explode, kind, text):
    """What does not have the style's form is not guessed at."""
    assert value_reader(kind, style, explode=explode, name="color")(text) is UNREADABLE


def test_readings_of_ambiguous_kinds():
    """An ambiguous kind has one reading for each thing it may be, text after the rest."""
    kind = Kind(scalars=("integer", "string"), items=Kind())
    found = [read("1") for read in readings(kind, "form", explode=False, name="n")]
    assert found == [1, "1", ["1"]]
