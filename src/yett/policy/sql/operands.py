"""What stands on either side of an operator: a constant, a field of the row, or a set of them.

What reads nothing of the record is a constant of this caller and evaluated as Cedar evaluates it;
while a plan is made nobody calls yet, and it is only `LATER`.
"""

from __future__ import annotations

from typing import Any, Final

from cedarpy import pst
from msgspec import Struct
from sqlalchemy import Boolean, column

from yett.policy.cedar.evaluate import Unknown, evaluate, uid_of
from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Inputs, Slice, Value
from yett.policy.cedar.types import Reference, SetOf, Type
from yett.policy.sql.columns import Model
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field, Many, Path
from yett.policy.sql.verdict import Condition, some


class Later:
    """A constant that is not known while a plan is made."""

    def __repr__(self) -> str:
        return "LATER"


LATER: Final = Later()


# What is asked of `LATER`, in a plan; no statement is made of it.
PROBE: Final = column("later", Boolean())


class Constant(Struct, frozen=True):
    """A value that is the same for all rows.

    Args:
        value: it, or `LATER` while a plan is made.
        types: entity types that it may be of, or its elements; None where that is not told.
    """

    value: Value
    types: frozenset[str] | None = None


class Broken(Struct, frozen=True):
    """A constant whose evaluation errs, for all rows."""


class Elements(Struct, frozen=True):
    """A set written out, with fields of the row in it."""

    items: tuple[Constant | Broken | Field, ...]


Single = Constant | Broken | Field
Operand = Single | Elements | Many


class Reader:
    """Reads operands for one question.

    Args:
        model: the table.
        slice_: the rules of the action.
        inputs: the caller and the context; None while a plan is made.
    """

    def __init__(self, model: Model, slice_: Slice, inputs: Inputs | None) -> None:
        self.model, self.slice, self.inputs = model, slice_, inputs

    def operand(self, expr: pst.Expr) -> Operand:
        """Read an operand."""
        if not reads_resource(expr):
            return self.constant(expr)
        match expr:
            case pst.Set(elements):
                items = tuple(self.operand(element) for element in elements)
                return Elements(tuple(_single(item) for item in items))
            case pst.Var() | pst.GetAttr():
                path = path_of(expr)
                if path is not None:
                    return self.model.field(path) if path else self.model.itself()
        raise FilterError(f"computes {_named(expr)} from the record", hint=_SIMPLER)

    def single(self, expr: pst.Expr) -> Single:
        """Read an operand that is no set of fields."""
        return _single(self.operand(expr))

    def constant(self, expr: pst.Expr) -> Constant | Broken:
        """Evaluate what reads nothing of the record."""
        if reads_seen(expr):
            raise FilterError(
                "reads `context.seen`, which is another for each record",
                hint="filter by attributes of the record",
            )
        if self.inputs is None:
            if isinstance(expr, pst.EntityLit):
                return Constant(uid_of(expr.value))
            return Constant(LATER, self.types(expr))
        try:
            made = evaluate(expr, self.inputs, self.slice.action, self.slice.groups)
        except CedarError:
            return Broken()
        except Unknown as unknown:
            raise FilterError(
                f"depends on the request: {unknown}",
                hint="pass what the middleware put into the request, not its principal alone",
            ) from unknown
        return Constant(made)

    def types(self, expr: pst.Expr) -> frozenset[str] | None:
        """Return the entity types of a constant, by its form; None where that is not told."""
        schema = self.model.schema
        principals = schema.actions[self.slice.action].principals
        match expr:
            case pst.Var("principal"):
                return frozenset(principals)
            case pst.EntityLit(value):
                return frozenset((uid_of(value).type,))
            case pst.Set(elements):
                return _union([self.types(element) for element in elements])
            case pst.GetAttr(pst.Var("principal"), name):
                named = (a for p in principals for a in schema.entities[p].attributes)
                return _union([_entities(a.type) for a in named if a.name == name])
        return None


def _union(found: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [one for one in found if one is not None]
    return frozenset().union(*known) if len(known) == len(found) else None


def _entities(type_: Type) -> frozenset[str] | None:
    inner = type_.element if isinstance(type_, SetOf) else type_
    return frozenset((inner.entity,)) if isinstance(inner, Reference) else None


def missing(*operands: Operand) -> Condition:
    """Return where reading any of them errs."""
    found: list[Condition] = []
    for one in operands:
        match one:
            case Field():
                found.append(one.missing)
            case Broken():
                found.append(True)
            case Elements():
                found.append(missing(*one.items))
    return some(*found)


def path_of(expr: pst.Expr) -> Path | None:
    """Return the attributes that lead from the resource to here; None for another form."""
    if expr == pst.Var("resource"):
        return ()
    if isinstance(expr, pst.GetAttr):
        base = path_of(expr.base)
        return None if base is None else (*base, expr.attr)
    return None


def reads_resource(expr: pst.Expr) -> bool:
    """Whether an expression depends on the record."""
    return any(one == pst.Var("resource") for one in walk(expr))


def reads_seen(expr: pst.Expr) -> bool:
    """Whether an expression asks if the caller was shown this record, or for the whole context."""
    context = pst.Var("context")
    named = 0
    for one in walk(expr):
        if isinstance(one, pst.GetAttr) and one.base == context:
            named += 1
            if one.attr == "seen":
                return True
        if isinstance(one, pst.HasAttr) and one.base == context:
            named += 1
            if one.attrs[0] == "seen":
                return True
    return sum(one == context for one in walk(expr)) > named


def walk(expr: Any) -> list[pst.Expr]:
    """Return an expression and all in it."""
    found: list[pst.Expr] = []
    open_ = [expr]
    while open_:
        one = open_.pop()
        if isinstance(one, tuple):
            open_ += one
        elif isinstance(one, dict):
            open_ += one.values()
        elif isinstance(one, _EXPRESSIONS):
            found.append(one)
            open_ += [getattr(one, name) for name in type(one).__slots__]
    return found


def _single(operand: Operand) -> Single:
    if isinstance(operand, (Elements, Many)):
        raise FilterError("uses a set of the record as one value", hint=_SIMPLER)
    return operand


def _named(expr: pst.Expr) -> str:
    match expr:
        case pst.BinaryOp(op) | pst.UnaryOp(op):
            return f"`{op}`"
        case pst.IfThenElse():
            return "an `if`"
        case pst.Record():
            return "a record"
        case _:
            return "a value"


_SIMPLER = "compare attributes of the record with what is known of the caller"
_EXPRESSIONS = (
    pst.Var,
    pst.Slot,
    pst.BoolLit,
    pst.LongLit,
    pst.StringLit,
    pst.EntityLit,
    pst.UnaryOp,
    pst.BinaryOp,
    pst.GetAttr,
    pst.HasAttr,
    pst.Like,
    pst.Is,
    pst.IfThenElse,
    pst.Set,
    pst.Record,
)
