"""Rules as the place of their check sees the record: what it does not show is not there.

A list that does not show whose an item is lets no owner's permit hold; once it shows it, owners
gain something, although no rule has changed. Pure; see `policy.authz.placement.unseen`.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from cedarpy import pst
from msgspec.structs import replace as changed

from yett.policy.authz.model import Guard, Place, Shape
from yett.policy.authz.placement import unseen
from yett.policy.cedar.model import Rule, Slice

NOTHING = pst.Record({})  # what is asked of it errs


def hidden_attributes(slice_: Slice, guard: Guard | None) -> frozenset[str]:
    """Return what rules read of the record that the place of their check does not show."""
    read = frozenset[str]().union(*(reads.attributes for reads in slice_.reads))
    shape = _shape(guard)
    return read - {one.name for one, _ in shape.attributes} if shape is not None else frozenset()


def is_refused(
    slice_: Slice, guard: Guard | None, *, inner: bool = False, approval: bool = False
) -> bool:
    """Whether every call is refused; of an inner action, every field or every approver.

    Args:
        slice_: the rules of the action.
        guard: of its operation.
        inner: it is a field class or the approval of the operation.
        approval: which of the two; approvers see the record only where it was read, or sent.
    """
    if guard is None:
        return False
    if not inner:
        return guard.place is Place.UNCHECKABLE
    kept = not approval or guard.place in (Place.READ, Place.BODY)
    shape = _shape(guard) if kept else None
    return bool(unseen(shape, slice_, new=guard.place is Place.BODY))


def seen_by(rules: tuple[Rule, ...], hidden: frozenset[str]) -> tuple[Rule, ...]:
    """Return rules to which some attributes of the record are absent."""
    if not hidden:
        return rules
    return tuple(
        changed(rule, tree=_without(rule.tree, hidden)) if rule.tree is not None else rule
        for rule in rules
    )


def _shape(guard: Guard | None) -> Shape | None:
    if guard is None:
        return None
    return guard.read.shape if guard.read is not None else guard.shape


def _without(node: Any, hidden: frozenset[str]) -> Any:
    """Rewrite a tree; as deep as cedarpy lets one be, which is 100 levels."""
    if isinstance(node, pst.GetAttr) and node.attr in hidden and _is_record(node.base):
        return pst.GetAttr(NOTHING, node.attr)
    if isinstance(node, pst.HasAttr) and node.attrs[0] in hidden and _is_record(node.base):
        return pst.BoolLit(value=False)
    if isinstance(node, tuple):
        return tuple(_without(one, hidden) for one in node)
    if isinstance(node, dict):
        return {name: _without(one, hidden) for name, one in node.items()}
    if not is_dataclass(node) or isinstance(node, type):
        return node
    return replace(node, **{f.name: _without(getattr(node, f.name), hidden) for f in fields(node)})


def _is_record(node: Any) -> bool:
    return isinstance(node, pst.Var) and node.name == "resource"
