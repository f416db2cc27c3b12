from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from yett.contract.fitting import did_you_mean, misfits
from yett.terms import Mode


class Inner(Struct, forbid_unknown_fields=True):
    name: str
    port: Annotated[int, Meta(ge=0, le=9)] = 0


class Outer(Struct, forbid_unknown_fields=True):
    inner: Inner
    mode: Mode = Mode.OFF
    many: tuple[Inner, ...] = ()
    table: dict[str, bool] = {}
    rate: Annotated[float, Meta(gt=0)] = 1.0
    maybe: Inner | None = None
    either: str | tuple[str, ...] = ()
    kind: Literal["a", "b"] = "a"


@pytest.mark.parametrize(
    ("value", "pointer", "kind", "words"),
    [
        ({"inner": {"name": "x"}, "mood": 1}, "mood", "unknown", "`mood` is not known"),
        ({}, "inner", "missing", "`inner` is missing"),
        ({"inner": {"name": 1}}, "inner.name", "value", "`1` is not a string"),
        ({"inner": {"name": "x", "port": 10}}, "inner.port", "value", "an integer from 0 to 9"),
        ({"inner": {"name": "x", "port": True}}, "inner.port", "value", "not an integer"),
        ({"inner": {"name": "x", "port": 1.0}}, "inner.port", "value", "not an integer"),
        ({"inner": []}, "inner", "value", "a table"),
        ({"inner": {"name": "x"}, "mode": "no"}, "mode", "value", "one of `off`, `observe`"),
        ({"inner": {"name": "x"}, "many": [{}]}, "many.0.name", "missing", "`name`"),
        ({"inner": {"name": "x"}, "many": {}}, "many", "value", "a list"),
        ({"inner": {"name": "x"}, "table": {"a": 1}}, "table.a", "value", "`true` or `false`"),
        ({"inner": {"name": "x"}, "rate": 0}, "rate", "value", "greater than 0"),
        ({"inner": {"name": "x"}, "rate": "1"}, "rate", "value", "a number"),
        ({"inner": {"name": "x"}, "maybe": {"nam": 1}}, "maybe.nam", "unknown", "not known"),
        ({"inner": {"name": "x"}, "either": 1}, "either", "value", "a string or a list"),
        ({"inner": {"name": "x"}, "either": ["a", 1]}, "either.1", "value", "not a string"),
        ({"inner": {"name": "x"}, "kind": "c"}, "kind", "value", "one of `a`, `b`"),
        ([], "", "value", "a table"),
    ],
)
def test_each_mistake_is_named_with_its_place_and_the_form_expected(value, pointer, kind, words):
    """Every way to misfit has a pointer, a kind and words."""
    found = misfits(value, Outer)[0]
    assert (".".join(found.pointer), found.kind) == (pointer, kind)
    assert words in found.message


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"mode": "enforced"}, "did you mean `enforce`?"),
        ({"mode": "zzz"}, ""),
        ({"kind": "aa"}, "did you mean `a`?"),
        ({"rate": "1.5"}, "write it without quotes"),
        ({"table": {"a": "true"}}, "write it without quotes"),
        ({"rate": "fast"}, ""),
        ({"rate": -1}, ""),
    ],
)
def test_a_value_that_was_nearly_right_has_a_next_step(value, hint):
    """The word that was meant, or the quotes that are too many."""
    assert misfits({"inner": {"name": "x"}, **value}, Outer)[0].hint == hint


def test_all_mistakes_are_found():
    """One run names them all."""
    value = {"inner": {"nme": 1}, "mode": 3, "rate": -1}
    assert len(misfits(value, Outer)) == 4


@pytest.mark.parametrize(
    "value",
    [
        {"inner": {"name": "x"}},
        {"inner": {"name": "x"}, "either": "a", "rate": 2, "maybe": {"name": ""}},
    ],
)
def test_what_fits_has_no_misfits(value):
    """A good value is good."""
    assert misfits(value, Outer) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("listn", "did you mean `listen`?"),
        ("LISTEN", "did you mean `listen`?"),
        ("xyz", "known here: `listen`, `mode`"),
    ],
)
def test_did_you_mean(name, hint):
    """The closest name, or all of them."""
    assert did_you_mean(name, ["mode", "listen"]) == hint


def test_many_names_are_not_listed():
    """A hint stays a line."""
    assert did_you_mean("xyz", [f"name{i}" for i in range(50)]) == ""
