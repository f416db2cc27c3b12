"""A rule as a chain of conditions, all of which must hold, in the order Cedar evaluates them.

Its scope (`principal in Role::"staff"`, `resource is Booking`) becomes ordinary expressions, its
`when` and `unless` are cut at their `&&`. The action's part is no condition: it is decided at load.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cedarpy import pst

from yett.policy.cedar.expressions import flatten, read_uid
from yett.policy.cedar.model import Uid
from yett.policy.cedar.types import ActionType, Schema


def applies(tree: Any, action: Uid, groups: Iterable[Uid]) -> bool:
    """Whether the rule's scope takes this action, which is in `groups`."""
    scope = tree.action
    if isinstance(scope, pst.ScopeAny):
        return True
    if isinstance(scope, pst.ActionEq):
        return read_uid(scope.entity) == action
    if isinstance(scope, pst.ActionIn):
        return not {read_uid(e) for e in scope.entities}.isdisjoint({action, *groups})
    raise ValueError("no way to compile this scope")


def may_meet(tree: Any, action: ActionType, schema: Schema) -> bool:
    """Whether the rule's scope can be met by a principal and a resource of the action's types."""
    return _meets(tree.principal, action.principals, schema) and _meets(
        tree.resource, action.resources, schema
    )


def _meets(scope: Any, types: tuple[str, ...], schema: Schema) -> bool:
    if isinstance(scope, (pst.ScopeIs, pst.ScopeIsIn)):
        return str(scope.entity_type) in types
    if isinstance(scope, pst.ScopeEq):
        return read_uid(scope.entity).type in types
    if isinstance(scope, pst.ScopeIn):
        group = read_uid(scope.entity).type
        return any(group == type_ or group in schema.types_above(type_) for type_ in types)
    return True


def conditions(tree: Any) -> list[Any]:
    """List a rule's conditions without the action's."""
    found = [*_scope("principal", tree.principal), *_scope("resource", tree.resource)]
    for clause in tree.clauses:
        if isinstance(clause, pst.When):
            found += flatten(clause.expr, "and")
        else:
            found.append(pst.UnaryOp("not", clause.expr))
    return found


def _scope(name: pst.VarName, scope: Any) -> list[Any]:
    var = pst.Var(name)
    if isinstance(scope, pst.ScopeAny):
        return []
    if isinstance(scope, pst.ScopeEq):
        return [pst.BinaryOp("eq", var, _literal(scope.entity))]
    if isinstance(scope, pst.ScopeIn):
        return [pst.BinaryOp("in", var, _literal(scope.entity))]
    if isinstance(scope, pst.ScopeIs):
        return [pst.Is(var, scope.entity_type, None)]
    if isinstance(scope, pst.ScopeIsIn):
        return [pst.Is(var, scope.entity_type, _literal(scope.entity))]
    raise ValueError("no way to compile this scope")


def _literal(entity: Any) -> pst.EntityLit:
    read_uid(entity)  # refuses a template's slot
    return pst.EntityLit(entity)
