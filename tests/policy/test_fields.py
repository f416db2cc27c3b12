"""A table of names reads pairs without dropping or guessing any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yett.policy.coerce import Kind
from yett.policy.fields import Fields, make_field
from yett.policy.model import Fault

INTEGER = Kind(scalars=("integer",))
LIST = Kind(scalars=(), items=INTEGER)
OBJECT = Kind(scalars=(), fields={"a": INTEGER, "b": Kind()})


def field(name, kind, style="form", *, explode=True, **given):
    return make_field(name, f"query/{name}", kind, style=style, explode=explode, **given)


TABLE = Fields(
    [field("n", INTEGER), field("l", LIST), field("d", OBJECT, "deepObject")], ("s", OBJECT)
)


def test_read():
    """Scalars, repeated arrays, brackets and spread members are told apart by the table."""
    pairs = [("l", "1"), ("n", "5"), ("d[a]", "7"), ("l", "2"), ("b", "x"), ("zz", "1")]
    values, unknown = TABLE.read(pairs)
    assert values == {"n": 5, "l": [1, 2], "d": {"a": 7}, "s": {"b": "x"}}
    assert unknown == [("zz", "1")]


def test_repeated():
    """A name that may come once and comes twice is refused, in every style."""
    for pairs in ([("n", "1")] * 2, [("d[a]", "1")] * 2, [("b", "1")] * 2):
        assert TABLE.read(pairs).code == "repeated"


def test_lists_are_bounded():
    """An array has at most as many items as the cap."""
    assert TABLE.read([("l", "1")] * 2000) == Fault("mismatch", "query/l", "type")


@given(st.lists(st.tuples(st.sampled_from(["n", "l", "d[a]", "d[]", "d", "a", "z"]), st.text())))
def test_nothing_is_lost(pairs):
    """Every pair is in the values, among the unknown, or the whole is refused."""
    found = TABLE.read(pairs)
    if isinstance(found, Fault):
        return
    values, unknown = found
    read = len(values.get("l", ())) + sum(len(values.get(k, ())) for k in ("s",))
    read += "n" in values
    read += len(values["d"]) if "d" in values else 0
    assert read + len(unknown) == len(pairs)
