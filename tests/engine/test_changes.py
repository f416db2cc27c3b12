"""What a body changes: everything it does change is found, what keeps its value is not."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from kit.deciding import Scene

from yett.engine.changes import (
    NOTHING,
    UNREAD,
    Way,
    Write,
    assigned,
    compares,
    first_changed,
    merge,
    same,
    write_of,
)
from yett.engine.json_patch import UNKNOWN, read_edits
from yett.engine.located import places
from yett.engine.pointing import MISSING

POINTERS = (("salary",), ("about", "rate"), ("lines", "*", "price"))
BEFORE = {
    "salary": 5,
    "title": "t",
    "about": {"rate": 1, "place": "p"},
    "lines": [{"text": "a", "price": 1}, {"text": "b"}],
}


def put(body):
    return Write(Way.REPLACE, body)


def patch(body):
    return Write(Way.MERGE, body)


def edit(*operations):
    return Write(Way.EDIT, list(operations), read_edits(list(operations)))


def op(name, path, value=MISSING, source=None):
    made = {"op": name, "path": path}
    if value is not MISSING:
        made["value"] = value
    return made if source is None else {**made, "from": source}


@pytest.mark.parametrize(
    "write",
    [
        put(BEFORE),
        put({**BEFORE, "title": "other", "extra": 1}),
        put({**BEFORE, "salary": 5.0}),
        put({**BEFORE, "lines": [{"text": "x", "price": 1}, {"text": "y"}, {"text": "new"}]}),
        put({**BEFORE, "lines": [{"price": 1}, {"price": None}]}),
        patch({}),
        patch({"title": None}),
        patch({"salary": 5, "about": {"place": "q"}}),
        patch({"lines": BEFORE["lines"]}),
        patch({"about": {}}),
        edit(),
        edit(op("replace", "/title", "x")),
        edit(op("replace", "/salary", 5), op("add", "/about", {"rate": 1, "place": "x"})),
        edit(op("replace", "/lines/1", {"text": "c"})),
        edit(op("remove", "/title"), op("add", "/note", 1)),
    ],
)
def test_what_keeps_its_value_is_no_write(write):
    """Clients put back what they got."""
    assert first_changed(write, POINTERS, BEFORE) is None


@pytest.mark.parametrize(
    ("write", "place"),
    [
        (put({**BEFORE, "salary": 6}), ("salary",)),
        (put({**BEFORE, "salary": True}), ("salary",)),
        (put({**BEFORE, "salary": None}), ("salary",)),
        (put({k: v for k, v in BEFORE.items() if k != "salary"}), ("salary",)),
        (put([]), ("salary",)),
        (patch({"salary": None}), ("salary",)),
        (patch({"about": None}), ("about", "rate")),
        (patch({"about": 3}), ("about", "rate")),
        (patch([1]), ("salary",)),
        (patch({"lines": [{"text": "b"}, {"text": "a", "price": 1}]}), ("lines", "0", "price")),
        (patch({"lines": []}), ("lines", "0", "price")),
        (edit(op("replace", "/salary", 6)), ("salary",)),
        (edit(op("remove", "/salary")), ("salary",)),
        (edit(op("replace", "", BEFORE | {"salary": 6})), ("salary",)),
        (edit(op("test", "/salary", 5)), ("salary",)),
        (edit(op("copy", "/title", source="/salary")), ("salary",)),
        (edit(op("move", "/title", source="/salary")), ("salary",)),
        (edit(op("move", "/salary", source="/title")), ("salary",)),
        (edit(op("add", "/lines/0", {"text": "c", "price": 9})), ("lines", "0")),
        (edit(op("add", "/lines/-", {"price": 9})), ("lines", "-")),
        (edit(op("replace", "/Salary", 5)), ("Salary",)),
        (edit(op("replace", "/Salary", None)), ("Salary",)),
    ],
)
def test_what_changes_a_field_of_a_class_is_found(write, place):
    """By whatever way: removal, replacement above it, a copy that tells its value."""
    found = first_changed(write, POINTERS, BEFORE)
    assert found == place or (place == ("salary",) and found in {("salary",), ("about", "rate")})


def test_items_that_moved_are_not_compared():
    """After a removal `/lines/0` is another line than the one that was read."""
    sneaky = edit(op("remove", "/lines/0/text"), op("replace", "/lines/0/price", 1))
    assert first_changed(sneaky, POINTERS, BEFORE) == ("lines", "0", "price")


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (Write(Way.SEND, {"salary": 5}), ("salary",)),
        (Write(Way.SEND, {"title": "x"}), None),
        (put({"salary": 5}), ("salary",)),
        (patch({"about": None}), ("about", "rate")),
        (patch({"title": "x"}), None),
        (edit(op("replace", "/salary", 5)), ("salary",)),
        (edit(op("replace", "/title", 5)), None),
        (NOTHING, None),
        (UNREAD, ("salary",)),
    ],
)
def test_without_a_record_everything_that_is_sent_counts(write, found):
    """A creation has nothing to compare with."""
    assert first_changed(write, POINTERS, MISSING) == found


def test_an_order_is_not_compared():
    """`POST {amount: 5}` of a record with amount 5 is a write all the same."""
    assert first_changed(Write(Way.SEND, {"salary": 5}), POINTERS, BEFORE) == ("salary",)
    assert not compares(Write(Way.SEND, {}))
    assert compares(put({}))


def test_too_many_places_count_as_changed():
    """A body made to be slow is refused, not skipped."""
    wide = {"lines": [{"price": 1}] * 20_000}
    assert first_changed(put(wide), (("lines", "*", "price"),), BEFORE) == ("lines", "*", "price")


@pytest.mark.parametrize(
    ("write", "value"),
    [
        (put({"status": "a"}), "a"),
        (put({}), MISSING),
        (patch({"status": None}), None),
        (patch(3), None),
        (NOTHING, MISSING),
        (edit(op("replace", "/status", "a")), "a"),
        (edit(op("replace", "", {"status": "a"})), "a"),
        (edit(op("replace", "", {})), None),
        (edit(op("remove", "/status")), None),
        (edit(op("test", "/status", "a")), MISSING),
        (edit(op("copy", "/x", source="/status")), MISSING),
        (edit(op("copy", "/status", source="/x")), UNKNOWN),
        (edit(op("move", "/x", source="/status")), None),
        (edit(op("replace", "/status", "a"), op("replace", "/status", "b")), UNKNOWN),
        (edit(op("add", "/status/x", "a")), UNKNOWN),
        (edit(op("replace", "/STATUS", "a")), "a"),
        (UNREAD, UNKNOWN),
    ],
)
def test_what_a_body_assigns(write, value):
    """A value, None for its removal, and UNKNOWN where a patch does not say."""
    assert assigned(write, ("status",)) is value or assigned(write, ("status",)) == value


def test_a_removal_above_is_a_removal():
    """`{about: null}` removes what is in it."""
    assert assigned(patch({"about": None}), ("about", "rate")) is None
    assert assigned(patch({"about": {}}), ("about", "rate")) is MISSING


@pytest.mark.parametrize(
    ("one", "two", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        ({"a": None}, {}, True),
        ({"a": 1}, {}, False),
        ([1, [2]], [1, [2]], True),
        ([1], [1, None], False),
        ("1", 1, False),
        (MISSING, None, True),
        (MISSING, 0, False),
        ({}, [], False),
    ],
)
def test_json_values_are_compared_as_json(one, two, equal):
    """Numbers by value, booleans as themselves, null as absent."""
    assert same(one, two) is equal
    assert same(two, one) is equal


@pytest.mark.parametrize(
    ("target", "change", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_is_that_of_rfc_7396(target, change, expected):
    """The examples of appendix A; the target itself is not written to."""
    kept = copy.deepcopy(target)
    assert merge(target, change) == expected
    assert target == kept


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize(
    ("method", "kind", "body", "way"),
    [
        ("PUT", b"application/json", {}, Way.REPLACE),
        ("PATCH", b"application/json", {}, Way.MERGE),
        ("PATCH", b"application/merge-patch+json", {}, Way.MERGE),
        ("PATCH", b"application/json-patch+json", [], Way.EDIT),
        ("PATCH", b"Application/JSON-Patch+JSON; a=b", {}, Way.EDIT),
        ("PATCH", b"application/json", [], Way.EDIT),
        ("POST", b"application/json", {}, Way.SEND),
        ("DELETE", b"application/json", {}, Way.SEND),
    ],
)
def test_the_method_and_the_type_say_how_a_body_acts(scene, method, kind, body, way):
    """A list in a PATCH is a JSON Patch, whatever it calls itself."""
    scene.decide("PATCH", "/bookings/3", {"note": "x"}, content_type=kind)
    x = scene.x
    x.parsed, x.body = body, json.dumps(body).encode()
    x.request = type("R", (), {"method": method, "length": 2, "headers": x.request.headers})()
    assert write_of(x).way is way


def test_a_body_that_nobody_read_may_write_anything(scene):
    """What was not parsed is not empty; what is empty writes nothing."""
    scene.decide("PATCH", "/bookings/3", {"note": "x"})
    x = scene.x
    x.parsed = None
    assert write_of(x) is UNREAD
    scene.decide("POST", "/bookings/3/confirm")
    assert write_of(scene.x) is NOTHING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["salary", "about", "rate", "lines", "price", "x", "0"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
PATHS = st.lists(
    st.sampled_from(["salary", "about", "rate", "lines", "price", "x", "0", "1", "-"]), max_size=3
).map(lambda tokens: "".join("/" + token for token in tokens))
OPERATIONS = st.lists(
    st.builds(op, st.sampled_from(["add", "replace"]), PATHS, JSON)
    | st.builds(lambda p: op("remove", p), PATHS)
    | st.builds(
        lambda n, p, f: op(n, p, source=f), st.sampled_from(["move", "copy"]), PATHS, PATHS
    ),
    max_size=4,
)


class UnappliableError(Exception):
    """The service would refuse this patch."""


def values(document):
    return {
        path: value
        for pointer in POINTERS
        for path, value in places(document, pointer)
        if value is not None
    }


def equal(one, two):
    return one.keys() == two.keys() and all(same(one[path], two[path]) for path in one)


@given(JSON, JSON)
def test_no_put_and_no_merge_changes_a_class_unseen(before, body):
    """Where nothing is found, every field of a class has the value it had."""
    assume(before is not None)
    if first_changed(put(body), POINTERS, before) is None:
        assert equal(values(body), values(before))
    if first_changed(patch(body), POINTERS, before) is None:
        assert equal(values(merge(before, body)), values(before))


@given(JSON, OPERATIONS)
def test_no_patch_changes_a_class_unseen(before, operations):
    """The same for JSON Patch, against a plain implementation of RFC 6902."""
    assume(type(before) is dict)
    try:
        after = apply(before, operations)
    except UnappliableError:
        return
    if first_changed(edit(*operations), POINTERS, before) is None:
        assert equal(values(after), values(before))


def apply(document, operations):
    document = copy.deepcopy(document)
    for one in operations:
        path, source = tokens(one["path"]), tokens(one.get("from", ""))
        if one["op"] == "move":
            value = take(document, source)
            document = drop(document, source)
            document = insert(document, path, value)
        elif one["op"] == "copy":
            document = insert(document, path, copy.deepcopy(take(document, source)))
        elif one["op"] == "remove":
            document = drop(document, path)
        elif one["op"] == "replace":
            take(document, path)
            document = insert(drop(document, path), path, copy.deepcopy(one["value"]))
        else:
            document = insert(document, path, copy.deepcopy(one["value"]))
    return document


def tokens(text):
    return text.split("/")[1:]


def take(document, path):
    for token in path:
        try:
            document = document[int(token) if type(document) is list else token]
        except (KeyError, IndexError, ValueError, TypeError):
            raise UnappliableError from None
    return document


def drop(document, path):
    if not path:
        return None
    parent = take(document, path[:-1])
    take(parent, path[-1:])
    del parent[int(path[-1]) if type(parent) is list else path[-1]]
    return document


def insert(document, path, value):
    if not path:
        return value
    parent, last = take(document, path[:-1]), path[-1]
    if type(parent) is list:
        at = len(parent) if last == "-" else int(last) if last.isdigit() else -1
        if not 0 <= at <= len(parent):
            raise UnappliableError
        parent.insert(at, value)
    elif type(parent) is dict:
        parent[last] = value
    else:
        raise UnappliableError
    return document


@pytest.mark.parametrize(
    "body",
    [
        {"lines": []},
        {"lines": [{"text": "a"}]},
        {"lines": None},
        {"lines": 7},
        {"about": None},
        {"about": []},
    ],
)
def test_what_replaces_the_holder_of_a_class_may_write_it(body):
    """An array is replaced whole by a merge patch, so an empty one takes every price away."""
    assert first_changed(patch(body), POINTERS, MISSING) is not None
    assert first_changed(patch(body), POINTERS, BEFORE) is not None


@pytest.mark.parametrize("body", [{}, {"title": 1}, {"about": {}}, {"about": {"place": None}}])
def test_what_leaves_the_holder_there_does_not(body):
    """Members that a merge patch does not name stay."""
    assert first_changed(patch(body), POINTERS, MISSING) is None


def test_members_of_a_map_are_looked_into():
    """`*` is every member of an object, and of what it holds."""
    pointer = (("m", "*", "cards", "*", "pin"),)
    for body, cut in (({"m": {}}, 0), ({"m": {"a": {}}}, 0), ({"m": {"a": {"cards": []}}}, 1)):
        assert (first_changed(patch(body), pointer, MISSING) is not None) == bool(cut)
