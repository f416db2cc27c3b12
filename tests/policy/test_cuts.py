"""Closures that leave out in place: each touches its own type of value, and says what went."""

from __future__ import annotations

from yett.policy.cuts import (
    MAX_TOLD,
    make_hiding,
    make_list,
    make_map,
    make_object,
    make_tagged,
    make_tuple,
)

ONE = make_object(frozenset("a"), ())
SCALARS = (None, True, 1, 1.5, "a")


def after(prune, value):
    lost = prune(value)
    return value, lost


def test_only_values_of_their_type_are_touched():
    """What is no object (or no array) is left alone by what is made for one."""
    for prune in (ONE, make_hiding(frozenset("a")), make_tagged("t", {}, ONE)):
        for value in (*SCALARS, [{"b": 1}]):
            assert after(prune, value) == (value, None)
    for prune in (make_list(ONE), make_tuple((ONE,), None)):
        for value in (*SCALARS, {"b": 1}):
            assert after(prune, value) == (value, None)


def test_a_value_that_fits_is_not_touched():
    """Nothing is copied or told where nothing is left out."""
    value = {"a": [1]}
    assert ONE(value) is None
    assert value == {"a": [1]}
    assert make_list(ONE)([{"a": 1}, {}]) is None


def test_what_goes_is_told_a_few_times():
    """At most `MAX_TOLD` pointers, escaped, whatever the answer holds."""
    assert after(ONE, {"a": 1, "b/c": 1, "d~": 1}) == ({"a": 1}, ["/b~1c", "/d~0"])
    assert len(ONE({f"n{number}": 1 for number in range(50)})) == MAX_TOLD
    rows = [{f"n{number}": 1} for number in range(50)]
    assert len(make_list(ONE)(rows)) == MAX_TOLD
    assert rows == [{}] * 50


def test_below():
    """Members are looked into where they have something to look into."""
    prune = make_object(frozenset("ab"), (("a", ONE),))
    assert after(prune, {"a": {"a": 1, "x": 2}, "b": {"x": 3}}) == (
        {"a": {"a": 1}, "b": {"x": 3}},
        ["/a/x"],
    )


def test_hiding():
    """Where everything is kept, hidden names go all the same."""
    assert after(make_hiding(frozenset("p")), {"p": 1, "q": 2}) == ({"q": 2}, ["/p"])


def test_a_map():
    """Other names are kept and looked into, kept by pattern, or go."""
    entry = (lambda name: name.startswith("x"), ONE)
    closed = make_map(frozenset("n"), (), frozenset("h"), (entry,), kept=False, rest=None)
    value = {"n": 1, "x": {"a": 1, "b": 1}, "y": 1, "h": 1}
    assert after(closed, value) == ({"n": 1, "x": {"a": 1}}, ["/x/b", "/y", "/h"])
    open_ = make_map(frozenset(), (), frozenset("h"), (), kept=True, rest=ONE)
    assert after(open_, {"k": {"b": 1}, "h": 1}) == ({"k": {}}, ["/k/b", "/h"])


def test_a_tuple():
    """Positions have their own description, what comes after them another."""
    prune = make_tuple((ONE, None), make_object(frozenset("z"), ()))
    value = [{"a": 1, "b": 1}, {"b": 1}, {"z": 1, "b": 1}]
    assert after(prune, value) == ([{"a": 1}, {"b": 1}, {"z": 1}], ["/*/b", "/0/b"])
    assert after(prune, []) == ([], None)


def test_a_tag():
    """A tag chooses; what has none, another or one of another type gets what is left."""
    prune = make_tagged("t", {"one": ONE, "two": None}, make_object(frozenset("t"), ()))
    assert after(prune, {"t": "one", "a": 1}) == ({"a": 1}, ["/t"])
    assert after(prune, {"t": "two", "x": 1}) == ({"t": "two", "x": 1}, None)
    for tag in ("three", 1, None, ["one"]):
        assert after(prune, {"t": tag, "x": 1}) == ({"t": tag}, ["/x"])
