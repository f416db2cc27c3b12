"""A rule taken apart: the conjuncts of its scope and its conditions, each an expression of its own.

A rule holds when every clause of it is true, so a false one is a reason. They stand in the order in
which Cedar looks at them. The action's scope is left out: a slice has only rules of its action.
"""

from __future__ import annotations

from collections.abc import Iterator

from cedarpy import pst
from msgspec import Struct

from yett.policy.cedar.rule_text import write


class Clause(Struct, frozen=True):
    """One conjunct.

    Args:
        expr: the expression that must be true.
        text: it in Cedar.
        scope: it comes from `permit(principal ..., resource ...)`, not from a condition.
    """

    expr: pst.Expr
    text: str
    scope: bool = False


def take_apart(tree: pst.Template) -> tuple[Clause, ...]:
    """Return all clauses of a rule; none when it holds for everybody."""
    scope = (
        *_scope(pst.Var("principal"), tree.principal),
        *_scope(pst.Var("resource"), tree.resource),
    )
    conditions = (
        part
        for clause in tree.clauses
        for part in (
            conjuncts(clause.expr) if isinstance(clause, pst.When) else _negated(clause.expr)
        )
    )
    return (
        *(Clause(expr, write(expr), scope=True) for expr in scope),
        *(Clause(expr, write(expr)) for expr in conditions),
    )


def conjuncts(expr: pst.Expr) -> Iterator[pst.Expr]:
    """Split at `&&`; what is always true is no reason and is left out."""
    if isinstance(expr, pst.BinaryOp) and expr.op == "and":
        yield from conjuncts(expr.left)
        yield from conjuncts(expr.right)
    elif expr != pst.BoolLit(value=True):
        yield expr


def _negated(expr: pst.Expr) -> Iterator[pst.Expr]:
    """Split `unless`: not (a || b) is not a, and not b."""
    if isinstance(expr, pst.BinaryOp) and expr.op == "or":
        yield from _negated(expr.left)
        yield from _negated(expr.right)
    elif expr != pst.BoolLit(value=False):
        yield pst.UnaryOp("not", expr)


def _scope(variable: pst.Var, scope: pst.PrincipalOrResourceConstraint) -> Iterator[pst.Expr]:
    match scope:
        case pst.ScopeEq(entity):
            yield pst.BinaryOp("eq", variable, _entity(entity))
        case pst.ScopeIn(entity):
            yield pst.BinaryOp("in", variable, _entity(entity))
        case pst.ScopeIs(entity_type):
            yield pst.Is(variable, entity_type, None)
        case pst.ScopeIsIn(entity_type, entity):
            yield pst.Is(variable, entity_type, _entity(entity))
        case pst.ScopeAny():
            return


def _entity(entity: pst.EntityOrSlot) -> pst.Expr:
    return entity if isinstance(entity, pst.Slot) else pst.EntityLit(entity)
