"""Circles and nesting of definitions are counted, without recursing."""

from __future__ import annotations

from yett.policy.graph import UNBOUNDED, Graph, Links, components


def ref(name):
    return {"$ref": f"#/$defs/{name}"}


def test_links():
    """References for the same instance are told from those for a part of it."""
    links = Links(
        {
            "allOf": [ref("a")],
            "not": ref("b"),
            "properties": {"$ref": ref("c"), "x": {"anyOf": [ref("d"), True]}},
            "items": ref("e"),
            "enum": [ref("f")],
        }
    )
    assert links.all == {"a", "b", "c", "d", "e"}
    assert links.same == {"a", "b"}
    assert links.alternatives == 2


def test_components_come_after_what_they_refer_to():
    """Strongly connected definitions form one group; groups come leaves first."""
    edges = {"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set()}
    assert [sorted(group) for group in components(edges)] == [["d"], ["b", "c"], ["a"]]


def test_endless():
    """A definition that applies itself to the same value is found, one that descends is not."""
    assert Graph({"a": {"allOf": [ref("b")]}, "b": {"anyOf": [ref("a"), True]}}).endless()
    assert Graph({"a": {"if": ref("a")}}).endless() == ["a"]
    assert Graph({"a": {"properties": {"x": ref("a")}}, "b": {"items": ref("a")}}).endless() == []


def test_nesting_counts_what_multiplies():
    """Dynamic places add up along a chain, and once each within a circle."""
    defs = {"a": {"items": ref("b")}, "b": {"items": ref("c")}, "c": {"items": ref("b")}}
    assert Graph(defs).nesting({"a", "b", "c"}) == {"a": 3, "b": 2, "c": 2}


def test_choices():
    """Alternatives add up along a chain; on a circle they have no bound."""
    chain = {"a": {"anyOf": [ref("b")]}, "b": {"oneOf": [True]}}
    assert Graph(chain).choices() == {"a": 2, "b": 1}
    circle = {"a": {"anyOf": [{"items": ref("a")}]}, "b": {"items": ref("a")}}
    assert Graph(circle).choices() == {"a": UNBOUNDED, "b": UNBOUNDED}
    plain = {"a": {"items": ref("a")}}
    assert Graph(plain).choices() == {"a": 0}


def test_long_chains():
    """A chain of 50,000 definitions costs no stack."""
    defs = {f"n{i}": {"items": ref(f"n{i + 1}")} for i in range(50_000)} | {"n50000": True}
    graph = Graph(defs)
    assert graph.endless() == []
    assert len(graph.groups) == 50_001
