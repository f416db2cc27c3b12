"""What a rule reads of the record, and of entities that nobody here knows.

A decision is given the caller and the record, never a third entity: that the owner of a booking has
a flag, or is in a group, cannot be seen. Reading an attribute of one errs; `has`, `in` and `hasTag`
are false of it without a word, and a `forbid` that asks so would never hold (CWE-636). So what
reads beyond the two is named here, and never taken for carried out. Evaluates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cedarpy import pst
from msgspec.structs import replace

from yett.policy.cedar.footprint import children, footprint
from yett.policy.cedar.model import Reads, Rule
from yett.policy.cedar.rule_text import write
from yett.policy.cedar.scope import conditions, may_meet
from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    Plain,
    Record,
    Reference,
    Schema,
    SetOf,
    Type,
)

MAX_TEXT_CHARACTERS = 80
UNREADABLE = "what its form hides"
# A uid with something asked of it, in a text that no syntax tree can be made of.
_OF_A_NAME = re.compile(r'::\s*"(?:[^"\\]|\\.)*"\s*(?:\.|\[|has\b|in\b)').search


def reads_of(rule: Rule, action: ActionType, schema: Schema) -> Reads:
    """Return what a rule reads of the record of an action, and of other entities."""
    whole = footprint((rule,))
    attributes = set(whole.resource)
    if "resource" in whole.whole:
        attributes |= {a.name for type_ in action.resources for a in _attributes(type_, schema)}
    if rule.tree is None:
        hidden = _may_reach(action, schema) or _OF_A_NAME(rule.text) is not None
        others = frozenset((UNREADABLE,)) if hidden else frozenset[str]()
        return Reads(frozenset(attributes), others, silent=hidden)
    found: dict[str, list[_Verdict]] = {}
    for environment in _environments(rule, action, schema):
        for text, verdict in environment.read(conditions(rule.tree)):
            found.setdefault(text, []).append(verdict)
    # What has no type in one environment is never evaluated there: validation says so.
    beyond = {
        text: [verdict for verdict in verdicts if verdict is not None]
        for text, verdicts in found.items()
    }
    others = frozenset(text for text, verdicts in beyond.items() if not verdicts or any(verdicts))
    silent = any(not beyond[text] or "silent" in beyond[text] for text in others)
    return Reads(frozenset(attributes), others, silent=silent)


# Empty: of the caller or the record itself; None: it has no type here.
_Verdict = str | None


def _environments(rule: Rule, action: ActionType, schema: Schema) -> Iterator[_Environment]:
    for principal in action.principals:
        for resource in action.resources:
            one = replace(action, principals=(principal,), resources=(resource,))
            if may_meet(rule.tree, one, schema):
                yield _Environment(one, schema)


class _Environment:
    """One type of caller and one of record; expressions have one type each."""

    def __init__(self, action: ActionType, schema: Schema) -> None:
        self._schema = schema
        self._types: dict[str, Type] = {
            "principal": Reference(action.principals[0]),
            "resource": Reference(action.resources[0]),
            "context": Record(action.context),
        }

    def read(self, nodes: list[Any]) -> Iterator[tuple[str, _Verdict]]:
        """Give every place where attributes, tags or groups of an entity are asked for."""
        open_ = list(nodes)
        while open_:
            node = open_.pop()
            open_ += children(node)
            if isinstance(node, pst.GetAttr):
                yield _said(node), self._of(node.base, "loud")
            elif isinstance(node, pst.HasAttr):
                yield _said(node), self._has(node)
            elif isinstance(node, pst.BinaryOp) and node.op in {"get_tag", "has_tag"}:
                how = "loud" if node.op == "get_tag" else "silent"
                yield _said(node), self._of(node.left, how)
            elif isinstance(node, pst.BinaryOp) and node.op == "in":
                yield _said(node), self._inside(node.left, node.right)
            elif isinstance(node, pst.Is) and node.in_expr is not None:
                yield _said(node), self._inside(node.base, node.in_expr)

    def _of(self, base: Any, how: str) -> _Verdict:
        if _is_own(base):
            return ""
        type_ = self._type(base)
        return None if type_ is None else "" if isinstance(type_, Record) else how

    def _has(self, node: pst.HasAttr) -> _Verdict:
        """`a has b.c` asks `a` for `b`, and what that is for `c`."""
        verdict = self._of(node.base, "silent")
        type_ = self._type(node.base)
        for name in node.attrs[:-1]:
            type_ = self._member(type_, name)
            if isinstance(type_, Reference):
                return "silent"
        return verdict

    def _inside(self, one: Any, group: Any) -> _Verdict:
        """Groups are known of the caller and of actions; of all others only their names are."""
        if isinstance(one, pst.Var) and one.name in {"principal", "action"}:
            return ""
        type_ = self._type(one)
        if not isinstance(type_, Reference):
            return "" if _is_action(one) else None
        groups = self._schema.types_above(type_.entity)
        if not groups:
            return ""  # nothing but `==`
        wanted = self._type(group)
        wanted = wanted.element if isinstance(wanted, SetOf) else wanted
        if wanted is None:
            return "" if isinstance(group, pst.Set) and not group.elements else "silent"
        return "silent" if isinstance(wanted, Reference) and wanted.entity in groups else ""

    def _type(self, node: Any) -> Type | None:
        match node:
            case pst.Var():
                return self._types.get(node.name)
            case pst.EntityLit(pst.EntityUid(type_, _)):
                return None if str(type_) == "Action" else Reference(str(type_))
            case pst.GetAttr():
                return self._member(self._type(node.base), node.attr)
            case pst.IfThenElse():
                return self._type(node.then_expr) or self._type(node.else_expr)
            case pst.Set():
                return next((SetOf(t) for e in node.elements if (t := self._type(e))), None)
            case pst.Record():
                fields = ((name, self._type(value)) for name, value in node.fields.items())
                return Record(tuple(Attribute(n, t or Plain("Bool")) for n, t in fields))
            case _:
                return None

    def _member(self, type_: Type | None, name: str) -> Type | None:
        attributes: tuple[Attribute, ...] = ()
        if isinstance(type_, Record):
            attributes = type_.attributes
        elif isinstance(type_, Reference):
            attributes = _attributes(type_.entity, self._schema)
        return next((one.type for one in attributes if one.name == name), None)


def _attributes(type_: str, schema: Schema) -> tuple[Attribute, ...]:
    entity = schema.entities.get(type_)
    return entity.attributes if entity is not None else ()


def _is_own(node: Any) -> bool:
    """Whether an expression is the caller, the record or the context, whichever way it is put."""
    if isinstance(node, pst.IfThenElse):
        return _is_own(node.then_expr) and _is_own(node.else_expr)
    return isinstance(node, pst.Var)


def _is_action(node: Any) -> bool:
    return isinstance(node, pst.EntityLit) and str(getattr(node.value, "type", "")) == "Action"


def _may_reach(action: ActionType, schema: Schema) -> bool:
    """Whether an attribute leads to an entity of which more than the name could be asked."""
    named = (*action.principals, *action.resources)
    open_ = [a.type for name in named for a in _attributes(name, schema)]
    open_ += [a.type for a in action.context]
    while open_:
        match open_.pop():
            case Reference(entity):
                known = schema.entities.get(entity)
                if known is not None and (known.attributes or known.parents):
                    return True
            case SetOf(element):
                open_.append(element)
            case Record(inner):
                open_ += [attribute.type for attribute in inner]
            case Plain():
                pass
    return False


def _said(node: Any) -> str:
    text = write(node)
    return text if len(text) <= MAX_TEXT_CHARACTERS else text[: MAX_TEXT_CHARACTERS - 1] + "…"
