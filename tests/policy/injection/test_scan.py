"""The compiled scan: where it looks, which hit counts, and when there is nothing to compile."""

from __future__ import annotations

import pytest

from yett.contract.errors import ContractError
from yett.policy.injection import UnknownPlaceError, build_scan
from yett.policy.injection.library import load_library
from yett.policy.model import TextSource
from yett.terms import Mode

TEXT = {"type": "string"}
SQL = "' or 1=1 --"
SCRIPT = "<img src=x onerror=alert(1)>"


def source(parameters=(), bodies=(), root=None):
    return TextSource(parameters=tuple(parameters), bodies=tuple(bodies), root=root or {})


def test_nothing_to_scan_compiles_to_nothing():
    """An operation without free text pays for no scan."""
    held = [("path/id", {"type": "string", "format": "uuid"}), ("query/n", {"type": "integer"})]
    assert build_scan(source(held), {}, Mode.ENFORCE) is None
    assert build_scan(source(), {}, Mode.ENFORCE) is None
    assert build_scan(source([("query/q", TEXT)]), {}, Mode.OFF) is None


def test_off_needs_no_library(monkeypatch):
    """Where the rule is off, a missing library stops nobody."""
    monkeypatch.setattr("yett.policy.injection.scan.load_library", lambda: 1 / 0)
    assert build_scan(source([("query/q", TEXT)]), {}, Mode.OFF) is None


def test_a_missing_library_stops_the_contract(monkeypatch):
    """Where the rule is on, a contract without its detector does not compile."""

    def broken():
        return load_library(("x.so",))

    monkeypatch.setattr("yett.policy.injection.scan.load_library", broken)
    with pytest.raises(ContractError, match=r"x\.so"):
        build_scan(source([("query/q", TEXT)]), {}, Mode.ENFORCE)


def test_places_are_named():
    """A hit says where it was, as a parameter's name or a JSON pointer with escapes."""
    schema = {"properties": {"a/b": {"type": "array", "items": {"properties": {"c~d": TEXT}}}}}
    parameters = [("query/q", TEXT), ("header/x-note", TEXT), ("query/f", {"type": "object"})]
    scan = build_scan(source(parameters, [schema]), {}, Mode.ENFORCE)
    assert scan({"query": {"q": SQL}}, None)[0] == "query/q"
    assert scan({"header": {"x-note": SQL}}, None)[0] == "header/x-note"
    assert scan({"query": {"f": {"who": SQL}}}, None)[0] == "query/f/*"
    assert scan({}, {"a/b": [{}, {"c~d": SQL}]})[0] == "/a~1b/1/c~0d"
    assert scan({"query": {"q": "fine words"}}, {"a/b": [{"c~d": "fine"}]}) is None


def test_names_of_the_client_are_not_echoed():
    """A member no schema names appears as `*`, whether its name or its value is the attack."""
    scan = build_scan(source(bodies=[{"type": "object"}]), {}, Mode.ENFORCE)
    assert scan({}, {SQL: 1})[0] == "/*"
    assert scan({}, {"x": {"secret-name": SCRIPT}})[0] == "/*/*"
    assert scan({"query": {"undeclared": SQL}}, None)[0] == "query/*"


def test_dangerous_names_in_open_objects():
    """Prototype pollution and operators are found by name at any depth, also beside numbers."""
    schema = {"properties": {"m": {"type": "object", "additionalProperties": {"type": "integer"}}}}
    scan = build_scan(source(bodies=[schema]), {}, Mode.ENFORCE)
    assert scan({}, {"m": {"__proto__": 1}}) == ("/m/*", "rule:prototype", Mode.ENFORCE)
    assert scan({}, {"m": {"$gt": 1}}) == ("/m/*", "rule:nosql-operator", Mode.ENFORCE)
    assert scan({}, {"constructor": {"prototype": {"x": 1}}})[1] == "rule:prototype"
    assert scan({}, {"m": {"width": 1}}) is None


def test_declared_names_are_the_contracts():
    """A contract may declare a member that has an operator's name."""
    scan = build_scan(source(bodies=[{"properties": {"$in": TEXT}}]), {}, Mode.ENFORCE)
    assert scan({}, {"$in": "fine"}) is None
    assert scan({}, {"$in": SQL})[0] == "/$in"


def test_an_enforced_hit_wins_over_an_observed_one():
    """The hit that refuses is reported, wherever the observed one stands."""
    schema = {"properties": {"a": TEXT, "b": TEXT, "c": TEXT}}
    scan = build_scan(
        source(bodies=[schema]), {"/a": Mode.OBSERVE, "/c": Mode.OBSERVE}, Mode.ENFORCE
    )
    assert scan({}, {"a": SCRIPT, "b": SQL, "c": SCRIPT})[::2] == ("/b", Mode.ENFORCE)
    assert scan({}, {"a": SCRIPT, "b": "fine"})[::2] == ("/a", Mode.OBSERVE)


def test_a_parameter_hit_does_not_hide_an_enforced_body_hit():
    """An observed parameter does not end the scan."""
    scan = build_scan(
        source([("query/q", TEXT)], [{"properties": {"a": TEXT}}]),
        {"query/q": Mode.OBSERVE},
        Mode.ENFORCE,
    )
    assert scan({"query": {"q": SQL}}, {"a": SCRIPT})[::2] == ("/a", Mode.ENFORCE)


def test_one_field_may_be_on_where_the_rule_is_off():
    """A setting may enforce a single field."""
    scan = build_scan(
        source([("query/q", TEXT), ("query/r", TEXT)]), {"query/q": Mode.ENFORCE}, Mode.OFF
    )
    assert scan({"query": {"q": SQL, "r": SQL}}, None)[0] == "query/q"
    assert scan({"query": {"r": SQL}}, None) is None


def test_a_setting_without_a_place_stops_the_contract():
    """Settings that name nothing are all named."""
    with pytest.raises(UnknownPlaceError) as caught:
        build_scan(source([("query/q", TEXT)]), {"query/p": Mode.OFF, "/n": Mode.OFF}, Mode.ENFORCE)
    assert caught.value.places == ("/n", "query/p")


def test_held_values_are_not_scanned():
    """An enum holds its value."""
    made = source([("query/kind", {"enum": ["a"]}), ("query/q", TEXT)])
    assert build_scan(made, {}, Mode.ENFORCE)({"query": {"kind": SQL}}, None) is None


def test_bodies_of_several_media_types_share_one_scan():
    """A field is found whichever media type declared it."""
    scan = build_scan(
        source(bodies=[{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}, TEXT]),
        {},
        Mode.ENFORCE,
    )
    assert scan({}, {"b": SQL})[0] == "/b"
    assert scan({}, SQL)[0] == ""


def test_files_are_content():
    """Bytes, numbers, booleans and null are passed by."""
    scan = build_scan(source(bodies=[{"type": "object"}]), {}, Mode.ENFORCE)
    assert scan({}, {"file": SQL.encode(), "n": 1, "b": True, "z": None, "f": 1.5}) is None
