"""Single expressions, evaluated by walking the tree: for explanations and constants, not decisions.

Decisions come from the compiled slice; this says which clause of one was false. It has one answer
that Cedar does not have: `Unknown`, for what was not looked at (attributes of a resource that was
never read). The operators are those of `operators.py`. Cedar reference, "Operators and functions".
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable

from cedarpy import pst

from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Entity, Inputs, Uid, Value
from yett.policy.cedar.operators import BINARY, ENTITIES, UNARY, need
from yett.policy.cedar.patterns import make_match
from yett.policy.cedar.values import RecordValue, make_set


class Unknown(Exception):  # noqa: N818 - no fault: an answer that this question does not hold
    """The value depends on something that was not looked at."""


class Outcome(enum.Enum):
    """What a clause came to."""

    TRUE = "true"
    FALSE = "false"
    ERROR = "error"
    UNKNOWN = "unknown"


ACTION = "Action"
UNKNOWN = object()  # as a value in a context or among attributes: there is one, nobody knows which


def judge(
    expr: pst.Expr, inputs: Inputs, action: str, groups: Iterable[str] = ()
) -> tuple[Outcome, str]:
    """Evaluate a clause; the text says what erred and names no value of any record."""
    return make_judge(inputs, action, groups)(expr)


def make_judge(
    inputs: Inputs, action: str, groups: Iterable[str] = ()
) -> Callable[[pst.Expr], tuple[Outcome, str]]:
    """Return `judge` for the clauses of one question, which is put together once."""
    walk = _Walk(inputs, action, groups)

    def judge_clause(expr: pst.Expr) -> tuple[Outcome, str]:
        try:
            held = need(bool, walk.value(expr))
        except CedarError as error:
            return Outcome.ERROR, str(error)
        except Unknown as error:
            return Outcome.UNKNOWN, str(error)
        return (Outcome.TRUE if held else Outcome.FALSE), ""

    return judge_clause


def evaluate(expr: pst.Expr, inputs: Inputs, action: str, groups: Iterable[str] = ()) -> Value:
    """Evaluate an expression.

    Args:
        expr: the expression.
        inputs: the question.
        action: the action's id.
        groups: ids of the groups that the action is in.

    Raises:
        CedarError: as Cedar does.
        Unknown: it reads the resource and `inputs.entities` has none, or asks what is `UNKNOWN`.
    """
    return _Walk(inputs, action, groups).value(expr)


def uid_of(entity: pst.EntityUid) -> Uid:
    """Convert the tree's name of an entity."""
    return Uid(str(entity.type), entity.id)


def elements_of(pattern: tuple[pst.PatternElem, ...]) -> tuple[str | None, ...]:
    """Convert the tree's pattern: its characters, None for a wildcard."""
    return tuple(one.value if isinstance(one, pst.Char) else None for one in pattern)


class _Walk:
    """One question; `inputs` is only read."""

    def __init__(self, inputs: Inputs, action: str, groups: Iterable[str]) -> None:
        uid = Uid(ACTION, action)
        above = frozenset(Uid(ACTION, group) for group in groups)
        self.entities = {**inputs.entities, uid: Entity(uid, {}, above)}
        self.variables: dict[str, Value] = {
            "principal": inputs.principal,
            "action": uid,
            "resource": inputs.resource,
            "context": RecordValue(inputs.context),
        }

    def value(self, expr: pst.Expr) -> Value:  # noqa: C901, PLR0912 - one line for each node
        match expr:
            case pst.Var():
                return self.variables[expr.name]
            case pst.BoolLit() | pst.LongLit() | pst.StringLit():
                return expr.value
            case pst.EntityLit():
                return uid_of(expr.value)
            case pst.UnaryOp():
                return UNARY[expr.op](self.value(expr.arg))
            case pst.BinaryOp():
                return self.binary(expr)
            case pst.GetAttr():
                return self.attribute(self.value(expr.base), expr.attr)
            case pst.HasAttr():
                return self.has(self.value(expr.base), expr.attrs)
            case pst.Like():
                return make_match(elements_of(expr.pattern))(self.value(expr.base))
            case pst.Is():
                return self.is_(expr)
            case pst.IfThenElse():
                chosen = need(bool, self.value(expr.cond))
                return self.value(expr.then_expr if chosen else expr.else_expr)
            case pst.Set():
                return make_set([self.value(element) for element in expr.elements])
            case pst.Record():
                return RecordValue({name: self.value(one) for name, one in expr.fields.items()})
            case _:
                raise Unknown("a template's slot")

    def binary(self, expr: pst.BinaryOp) -> Value:
        left = self.value(expr.left)
        if expr.op in {"and", "or"}:
            # The right side is not looked at once the left one settles it.
            settled = need(bool, left) is (expr.op == "or")
            return left if settled else need(bool, self.value(expr.right))
        right = self.value(expr.right)
        if expr.op == "in":
            return self.inside(need(Uid, left), right)
        if expr.op in ENTITIES:
            return self.tag(expr.op, need(Uid, left), right)
        return BINARY[expr.op](left, right)

    def fields(self, value: Value) -> dict[str, Value]:
        """Return what a record or an entity has; an entity that is not there has nothing."""
        if isinstance(value, RecordValue):
            return value.fields
        self.look(need(Uid, value))
        found = self.entities.get(value)
        return found.attrs if found else {}

    def look(self, uid: Uid) -> None:
        """Make sure that what is asked of an entity could have been known."""
        if uid not in self.entities and uid == self.variables["resource"]:
            raise Unknown("the resource was not read")

    def attribute(self, base: Value, name: str) -> Value:
        fields = self.fields(base)
        if name not in fields:
            raise CedarError(f"there is no `{name}`")
        if fields[name] is UNKNOWN:
            raise Unknown(f"`{name}` is not known here")
        return fields[name]

    def has(self, base: Value, names: tuple[str, ...]) -> bool:
        for name in names[:-1]:
            if name not in self.fields(base):
                return False
            base = self.attribute(base, name)
        return names[-1] in self.fields(base)

    def is_(self, expr: pst.Is) -> bool:
        uid: Uid = need(Uid, self.value(expr.base))
        if uid.type != str(expr.entity_type):
            return False
        return expr.in_expr is None or self.inside(uid, self.value(expr.in_expr))

    def inside(self, uid: Uid, group: Value) -> bool:
        if ENTITIES["in"]({}, uid, group):  # the entity itself: no ancestors are asked for
            return True
        self.look(uid)
        return bool(ENTITIES["in"](self.entities, uid, group))

    def tag(self, op: str, uid: Uid, name: Value) -> Value:
        self.look(uid)
        try:
            return ENTITIES[op](self.entities, uid, name)
        except KeyError as error:
            raise CedarError("there is no such tag") from error
