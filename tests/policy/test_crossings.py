"""Which templates cross: found in both orders, and only where neither is the more exact one."""

from __future__ import annotations

import itertools

import pytest

from yett.policy.crossings import crossings
from yett.policy.route_tree import Node, child_of, template_segments


def pairs(*templates):
    root = Node()
    for template in templates:
        node = root
        for part in template_segments(template):
            node = child_of(node, part)
        node.leaves["GET"], node.label = template, template
    return {frozenset((one.label, two.label)) for one, two in crossings(root)}


@pytest.mark.parametrize(
    "templates",
    [
        ("/a/{x}", "/{y}/b"),
        ("/a/{x}/c", "/{y}/b/{z}"),
        ("/{x}.json", "/v{y}"),
    ],
)
def test_each_order_finds_the_crossing(templates):
    """Some path fits both, and neither is more exact everywhere."""
    for order in itertools.permutations(templates):
        assert pairs(*order) == {frozenset(templates)}


def test_what_shares_no_path_does_not_cross():
    """Another length, another static segment, or one more exact than the other throughout."""
    assert (
        pairs("/a/{x}", "/b/{y}", "/a/{x}/c", "/a/b", "/{z}/c/d", "/a/{x}.json", "/{y}/{z}")
        == set()
    )
