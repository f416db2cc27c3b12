"""What rules read: of which variable which attributes, and whether a condition needs the record.

From this the place of a check is derived, so it never says less than what is read: a variable that
is used as a value where its attributes cannot be told counts as read whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from cedarpy import pst

from yett.policy.cedar.model import Footprint, Rule
from yett.policy.cedar.scope import conditions

VARIABLES = ("principal", "resource", "context")
# Operators that look at an entity's name (and groups) only, never at its attributes.
_BY_NAME = frozenset(("eq", "not_eq", "in", "contains", "contains_all", "contains_any"))
_TAGS = frozenset(("get_tag", "has_tag"))


def footprint(rules: Iterable[Rule]) -> Footprint:
    """Collect what the rules read; one without a tree reads everything."""
    reads = _Reads()
    permits = False
    for rule in rules:
        permits = permits or rule.effect == "permit"
        if rule.tree is None:
            reads.whole.update(VARIABLES)
            reads.resource_uid = True
        else:
            for node in conditions(rule.tree):
                reads.walk(node)
    return Footprint(
        **{name: frozenset(reads.attributes[name]) for name in VARIABLES},
        resource_uid=reads.resource_uid,
        permits=permits,
        whole=frozenset(reads.whole),
    )


def needs_record(node: Any) -> bool:
    """Whether a condition reads attributes, tags or ancestors of the resource."""
    if isinstance(node, (pst.GetAttr, pst.HasAttr)) and _is_var(node.base, "resource"):
        return True
    if isinstance(node, pst.BinaryOp) and node.op in {"in", *_TAGS} and _is_var(
        node.left, "resource"
    ):  # fmt: skip
        return True
    if isinstance(node, pst.Is) and node.in_expr is not None and _is_var(node.base, "resource"):
        return True
    return any(map(needs_record, children(node)))


def names_action(tree: Any) -> bool:
    """Whether a rule's conditions look at `action`: its code is then of one action only."""
    open_ = [clause.expr for clause in tree.clauses]
    while open_:
        node = open_.pop()
        if _is_var(node, "action"):
            return True
        open_ += children(node)
    return False


class _Reads:
    def __init__(self) -> None:
        self.attributes: dict[str, set[str]] = {name: set() for name in VARIABLES}
        self.whole: set[str] = set()
        self.resource_uid = False

    def walk(self, node: Any) -> None:
        """Note what a condition reads, with a stack: depth is the policy's own."""
        open_ = [node]
        while open_:
            one = open_.pop()
            if isinstance(one, pst.Var):
                self._as_value(one)
            elif isinstance(one, (pst.GetAttr, pst.HasAttr)) and isinstance(one.base, pst.Var):
                self._attribute(one)
            elif isinstance(one, pst.BinaryOp) and one.op in _BY_NAME:
                open_ += [*self._by_name(one.left), *self._by_name(one.right)]
            elif isinstance(one, pst.Is):
                open_ += self._is(one)
            else:
                open_ += children(one)

    def _attribute(self, node: Any) -> None:
        names = node.attrs[:1] if isinstance(node, pst.HasAttr) else (node.attr,)
        if node.base.name != "action":
            self.attributes[node.base.name].update(names)

    def _by_name(self, node: Any) -> list[Any]:
        """Take a variable, or a set of them, whose attributes the operator never looks at."""
        if isinstance(node, pst.Set):
            return [rest for element in node.elements for rest in self._by_name(element)]
        if isinstance(node, pst.Var) and node.name != "context":
            self.resource_uid = self.resource_uid or node.name == "resource"
            return []
        return [node]

    def _is(self, node: pst.Is) -> list[Any]:
        inside = [] if node.in_expr is None else self._by_name(node.in_expr)
        if isinstance(node.base, pst.Var) and node.base.name != "context":
            if node.in_expr is not None:
                self._by_name(node.base)
            return inside
        return [node.base, *inside]

    def _as_value(self, node: pst.Var) -> None:
        if node.name == "action":
            return
        self.whole.add(node.name)
        self.resource_uid = self.resource_uid or node.name == "resource"


def _is_var(node: Any, name: str) -> bool:
    return isinstance(node, pst.Var) and node.name == name


def children(node: Any) -> Iterator[Any]:
    """Give the expressions directly inside an expression."""
    if not is_dataclass(node) or isinstance(node, type):
        return
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            yield from (item for item in value if is_dataclass(item))
        elif isinstance(value, dict):
            yield from value.values()
        elif is_dataclass(value):
            yield value
