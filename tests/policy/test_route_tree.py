"""The tree of segments: what a template becomes."""

from __future__ import annotations

import re

import pytest

from yett.policy.route_tree import Node, all_nodes, child_of, mixed_pattern, template_segments


def test_segments_of_a_template():
    """An empty segment is a segment."""
    assert template_segments("/") == ("",)
    assert template_segments("/a/") == ("a", "")


def test_each_kind_of_segment_has_its_child():
    """Static by its text, mixed by its shape whatever the names, one parameter for all names."""
    root = Node()
    assert child_of(root, "a") is child_of(root, "a") is root.static["a"]
    assert child_of(root, "{x}") is child_of(root, "{y}") is root.parameter
    assert child_of(root, "{x}.json") is child_of(root, "{y}.json")
    assert child_of(root, "{x}.json") is not child_of(root, "{x}.xml")
    assert len(list(all_nodes(root))) == 5


@pytest.mark.parametrize(
    ("part", "text", "values"),
    [
        ("{a}.json", "b.json", ("b",)),
        ("{a}.json", ".json", None),
        ("{a}.json", "b.c.json", None),
        ("v{a}", "v1", ("1",)),
        ("{a}-{b}", "1-2-3", ("1", "2-3")),
        ("{a}.{b}", "..", None),
    ],
)
def test_a_value_stops_at_the_literal_behind_it(part, text, values):
    """One reading of a mixed segment, linear to find (CWE-1333)."""
    match = re.fullmatch(mixed_pattern(part), text)
    assert (match.groups() if match else None) == values
