"""Walks the syntax trees of rules: which comparisons tie the caller to the record.

Looks only at shapes; what they mean is `encode.py`'s matter, what is read `footprint.py`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from cedarpy import pst

from yett.policy.cedar.footprint import children
from yett.policy.cedar.model import Rule

PRINCIPAL, RESOURCE, CONTEXT = pst.Var("principal"), pst.Var("resource"), pst.Var("context")
AMR = pst.GetAttr(CONTEXT, "amr")


def nodes(rule: Rule) -> Iterator[Any]:
    """Go through all nodes of a rule's tree, outermost first; none where there is no tree."""
    waiting = deque((rule.tree,) if rule.tree is not None else ())
    while waiting:
        node = waiting.popleft()
        yield node
        waiting += children(node)


def ties(rules: tuple[Rule, ...]) -> tuple[pst.Expr, ...]:
    """Return what decides whose record it is and how the caller signed in, in the rules' words.

    `resource.a == principal`, `principal.a == resource.b`, `principal.a.contains(resource.b)`, and
    `context.amr.contains("...")`; each once.
    """
    found: dict[str, pst.Expr] = {}
    for rule in rules:
        for node in nodes(rule):
            if _is_tie(node):
                found.setdefault(_key(node), node)
    return tuple(found.values())


def _is_tie(node: Any) -> bool:
    if not isinstance(node, pst.BinaryOp):
        return False
    if node.op == "contains" and node.left == AMR:
        return isinstance(node.right, pst.StringLit)
    if node.op not in ("eq", "contains"):
        return False
    one, two = _of(node.left), _of(node.right)
    return {one, two} == {"principal", "resource"}


def _of(node: pst.Expr) -> str:
    """Return the variable that an expression is, or whose attribute it is."""
    while isinstance(node, pst.GetAttr):
        node = node.base
    return node.name if isinstance(node, pst.Var) else ""


def _key(node: Any) -> str:
    """Return the same key for `a == b` and `b == a`."""
    if node.op == "eq":
        return "==".join(sorted((repr(node.left), repr(node.right))))
    return repr(node)
