"""One boolean expression of Cedar as a verdict over rows: a walk over the tree, form by form.

What has no form here is refused; so is what the row does not hold. While a plan is made (no inputs)
every branch is walked, so that what is refused does not depend on who calls.
"""

from __future__ import annotations

from collections.abc import Callable

from cedarpy import pst

from yett.policy.cedar.evaluate import elements_of
from yett.policy.cedar.operators import ANSWERS_BOOL
from yett.policy.cedar.types import Reference
from yett.policy.sql.atoms import Holds
from yett.policy.sql.compare import like, order, order_fields
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field, Many, Path
from yett.policy.sql.groups import contains, contains_all, contains_any, inside, is_empty, same
from yett.policy.sql.kinds import Kind
from yett.policy.sql.operands import (
    LATER,
    PROBE,
    Broken,
    Constant,
    Operand,
    Reader,
    Single,
    missing,
    path_of,
    reads_resource,
)
from yett.policy.sql.verdict import (
    ERROR,
    FALSE,
    TRUE,
    Condition,
    Verdict,
    both,
    checked,
    choose,
    either,
    negate,
)

FLIPPED = {"less": "greater", "less_eq": "greater_eq", "greater": "less", "greater_eq": "less_eq"}
SETS: dict[str, Callable[[Operand, Operand], Condition]] = {
    "contains_all": contains_all,
    "contains_any": contains_any,
}


def translate(read: Reader, expr: pst.Expr) -> Verdict:
    """Translate a boolean expression.

    Raises:
        FilterError: it, or what it reads, has no exact form.
    """
    if not reads_resource(expr):
        return _constant(read.constant(expr))
    match expr:
        case pst.UnaryOp("not", arg):
            return negate(translate(read, arg))
        case pst.UnaryOp("is_empty", arg):
            whole = read.operand(arg)
            return checked(is_empty(whole), missing(whole))
        case pst.BinaryOp():
            return _binary(read, expr)
        case pst.GetAttr():
            return _flag(read, expr)
        case pst.HasAttr():
            return _has(read, expr)
        case pst.Like(base, pattern):
            return _like(read.single(base), elements_of(pattern))
        case pst.Is():
            return _is(read, expr)
        case pst.IfThenElse(cond, then_expr, else_expr):
            return _choose(read, cond, then_expr, else_expr)
    raise FilterError("has no form in SQL")


def _constant(one: Constant | Broken) -> Verdict:
    if isinstance(one, Constant) and one.value is LATER:
        return Verdict(PROBE, PROBE.is_(None))  # two objects: it may err, too
    if isinstance(one, Broken) or type(one.value) is not bool:
        return ERROR
    return TRUE if one.value else FALSE


def _binary(read: Reader, expr: pst.BinaryOp) -> Verdict:
    match expr.op:
        case "and":
            left = translate(read, expr.left)
            return FALSE if left.maybe is False else both(left, translate(read, expr.right))
        case "or":
            left = translate(read, expr.left)
            return TRUE if left.true is True else either(left, translate(read, expr.right))
        case "eq" | "not_eq":
            verdict = _same(read, expr)
            return verdict if expr.op == "eq" else negate(verdict)
        case "less" | "less_eq" | "greater" | "greater_eq":
            one, two = read.single(expr.left), read.single(expr.right)
            return checked(_ordered(expr.op, one, two), missing(one, two))
        case "in":
            one, group = read.single(expr.left), read.operand(expr.right)
            return checked(inside(read, one, group), missing(one, group))
        case "contains":
            whole, item = read.operand(expr.left), read.single(expr.right)
            return checked(contains(whole, item), missing(whole, item))
        case "contains_all" | "contains_any":
            whole, part = read.operand(expr.left), read.operand(expr.right)
            return checked(SETS[expr.op](whole, part), missing(whole, part))
    raise FilterError(f"computes `{expr.op}` from the record")


def _same(read: Reader, expr: pst.BinaryOp) -> Verdict:
    if _is_test(expr.left) or _is_test(expr.right):
        # `(a == b) == false`: two booleans, neither of which is a column.
        one, two = translate(read, expr.left), translate(read, expr.right)
        return choose(one, two, negate(two))
    left, right = read.single(expr.left), read.single(expr.right)
    return checked(same(left, right), missing(left, right))


def _ordered(op: str, one: Single, two: Single) -> Condition:
    match one, two:
        case Field(), Field():
            return order_fields(op, one, two)
        case Field(), Constant(value=value):
            return PROBE if value is LATER else order(op, one, value)
        case Constant(value=value), Field():
            return PROBE if value is LATER else order(FLIPPED[op], two, value)
    return False  # one of them errs, and `missing` says so


def _flag(read: Reader, expr: pst.GetAttr) -> Verdict:
    field = read.single(expr)
    if not isinstance(field, Field) or field.kind is not Kind.BOOLEAN:
        raise FilterError("takes what is no boolean for one")
    return checked(Holds(field.column), field.missing)


def _has(read: Reader, expr: pst.HasAttr) -> Verdict:
    base = path_of(expr.base)
    if base is None:
        raise FilterError("asks a computed value for its attributes")
    found = TRUE
    for name in expr.attrs:
        found = both(found, _has_one(read, base, name))
        base = (*base, name)
    return found


def _has_one(read: Reader, base: Path, name: str) -> Verdict:
    model, path = read.model, (*base, name)
    unread = _unread(read, base)
    if not model.declares(path):
        return checked(holds=False, missing=unread)
    # A record without what is required is refused whole, by the gate too; of another entity
    # nothing is certain.
    if model.certain(path):
        return checked(holds=True, missing=unread)
    field = model.field(path)
    if isinstance(field, Many):
        raise FilterError(f"asks whether the set `{'.'.join(path)}` is there", hint="ask `isEmpty`")
    return checked(field.present, unread)


def _unread(read: Reader, base: Path) -> Condition:
    """Return where what an attribute is asked of cannot be read itself."""
    if not base or read.model.certain(base):
        return False
    field = read.model.field(base)
    return field.missing if isinstance(field, Field) else False


def _like(one: Single, elements: tuple[str | None, ...]) -> Verdict:
    if not isinstance(one, Field):
        raise FilterError("matches a pattern with what is no text of the record")
    return checked(*like(one, elements))


def _is(read: Reader, expr: pst.Is) -> Verdict:
    one = read.single(expr.base)
    if not isinstance(one, Field) or not isinstance(one.type, Reference):
        raise FilterError("asks what is no entity for its type")
    fits = one.type.entity == str(expr.entity_type)
    # The record itself is there, of whatever id.
    verdict = checked(fits, one.missing if one.path else False)
    if expr.in_expr is None or not fits:
        return verdict
    group = read.operand(expr.in_expr)
    return both(verdict, checked(inside(read, one, group), missing(one, group)))


def _choose(read: Reader, cond: pst.Expr, then: pst.Expr, other: pst.Expr) -> Verdict:
    test = translate(read, cond)
    if test.true is True:
        return translate(read, then)
    if test.maybe is False:
        return translate(read, other)
    return choose(test, translate(read, then), translate(read, other))


def _is_test(expr: pst.Expr) -> bool:
    """Whether an expression is boolean by its form, and so no column."""
    if isinstance(expr, pst.BinaryOp):
        return expr.op in ANSWERS_BOOL or expr.op in {"and", "or"}
    if isinstance(expr, pst.UnaryOp):
        return expr.op in ANSWERS_BOOL
    if isinstance(expr, pst.IfThenElse):
        return _is_test(expr.then_expr) or _is_test(expr.else_expr)
    return isinstance(expr, (pst.HasAttr, pst.Like, pst.Is, pst.BoolLit))
