"""Cedar text of a syntax tree: what `cedarpy.pst` nodes say, as a person would write it.

`parse(write(tree)) == tree` for every tree that text can express; parentheses only where the
grammar needs them. Never evaluates. Cedar reference, "Grammar".
"""

from __future__ import annotations

from cedarpy import pst

from yett.policy.cedar.literals import bare_or_quoted, cedar_string, escape, is_bare

# How tightly a form binds, loosest first.
IF, OR, AND, RELATION, SUM, PRODUCT, UNARY, MEMBER = range(8)

# operator -> (its level, its symbol). Those of RELATION do not chain.
INFIX: dict[str, tuple[int, str]] = {
    "or": (OR, "||"),
    "and": (AND, "&&"),
    "eq": (RELATION, "=="),
    "not_eq": (RELATION, "!="),
    "less": (RELATION, "<"),
    "less_eq": (RELATION, "<="),
    "greater": (RELATION, ">"),
    "greater_eq": (RELATION, ">="),
    "in": (RELATION, "in"),
    "add": (SUM, "+"),
    "sub": (SUM, "-"),
    "mul": (PRODUCT, "*"),
}
METHODS: dict[str, str] = {
    "contains": "contains",
    "contains_all": "containsAll",
    "contains_any": "containsAny",
    "get_tag": "getTag",
    "has_tag": "hasTag",
    "is_in_range": "isInRange",
    "offset": "offset",
    "duration_since": "durationSince",
    "decimal_less_than": "lessThan",
    "decimal_less_eq": "lessThanOrEqual",
    "decimal_greater": "greaterThan",
    "decimal_greater_eq": "greaterThanOrEqual",
    "is_empty": "isEmpty",
    "is_ipv4": "isIpv4",
    "is_ipv6": "isIpv6",
    "is_loopback": "isLoopback",
    "is_multicast": "isMulticast",
    "to_date": "toDate",
    "to_time": "toTime",
    "to_milliseconds": "toMilliseconds",
    "to_seconds": "toSeconds",
    "to_minutes": "toMinutes",
    "to_hours": "toHours",
    "to_days": "toDays",
}
FUNCTIONS = frozenset(("datetime", "decimal", "duration", "ip"))
PREFIX = {"not": "!", "neg": "-"}


def write_policy(tree: pst.Template) -> str:
    """Write one policy or template, annotations first, one clause a line."""
    lines = [
        f"@{name}({cedar_string(text)})" if text else f"@{name}"
        for name, text in tree.annotations.items()
    ]
    scope = ", ".join(
        (
            write_scope("principal", tree.principal),
            write_action(tree.action),
            write_scope("resource", tree.resource),
        )
    )
    lines.append(f"{tree.effect}({scope})")
    lines += [
        f"{'when' if isinstance(clause, pst.When) else 'unless'} {{ {write(clause.expr)} }}"
        for clause in tree.clauses
    ]
    return "\n".join(lines) + ";"


def write_scope(name: str, scope: pst.PrincipalOrResourceConstraint) -> str:
    """Write the scope of `principal` or `resource`."""
    match scope:
        case pst.ScopeAny():
            return name
        case pst.ScopeEq():
            return f"{name} == {write_entity(scope.entity)}"
        case pst.ScopeIn():
            return f"{name} in {write_entity(scope.entity)}"
        case pst.ScopeIs():
            return f"{name} is {scope.entity_type}"
        case pst.ScopeIsIn():
            return f"{name} is {scope.entity_type} in {write_entity(scope.entity)}"


def write_action(scope: pst.ActionConstraint) -> str:
    """Write the scope of `action`."""
    match scope:
        case pst.ScopeAny():
            return "action"
        case pst.ActionEq():
            return f"action == {write_entity(scope.entity)}"
        case pst.ActionIn():
            return f"action in [{', '.join(map(write_entity, scope.entities))}]"


def write_entity(entity: pst.EntityOrSlot) -> str:
    """Write an entity's name such as `User::"u1"`, or a template's slot such as `?principal`."""
    if isinstance(entity, pst.Slot):
        return f"?{entity.name}"
    return f"{entity.type}::{cedar_string(entity.id)}"


def write(expr: pst.Expr) -> str:
    """Write an expression on one line."""
    return _write(expr, IF)


def _write(expr: pst.Expr, least: int) -> str:
    """Write `expr` where only what binds at least as tightly as `least` may stand bare."""
    level, text = _form(expr)
    return text if level >= least else f"({text})"


def _form(expr: pst.Expr) -> tuple[int, str]:  # noqa: C901, PLR0912 - one line for each node there is
    match expr:
        case pst.Var():
            return MEMBER, expr.name
        case pst.Slot():
            return MEMBER, f"?{expr.name}"
        case pst.BoolLit():
            return MEMBER, "true" if expr.value else "false"
        case pst.LongLit():
            return (UNARY if expr.value < 0 else MEMBER), str(expr.value)
        case pst.StringLit():
            return MEMBER, cedar_string(expr.value)
        case pst.EntityLit():
            return MEMBER, write_entity(expr.value)
        case pst.UnaryOp():
            return _unary(expr)
        case pst.BinaryOp():
            return _binary(expr)
        case pst.GetAttr():
            return MEMBER, _write(expr.base, MEMBER) + _access(expr.attr)
        case pst.HasAttr():
            return _has(expr)
        case pst.Like():
            pattern = "".join(map(_element, expr.pattern))
            return RELATION, f'{_write(expr.base, SUM)} like "{pattern}"'
        case pst.Is():
            inside = f" in {_write(expr.in_expr, SUM)}" if expr.in_expr is not None else ""
            return RELATION, f"{_write(expr.base, SUM)} is {expr.entity_type}{inside}"
        case pst.IfThenElse():
            parts = (expr.cond, expr.then_expr, expr.else_expr)
            cond, then, other = (_write(part, IF) for part in parts)
            return IF, f"if {cond} then {then} else {other}"
        case pst.Set():
            return MEMBER, f"[{', '.join(map(write, expr.elements))}]"
        case pst.Record():
            fields = (
                f"{bare_or_quoted(name)}: {write(value)}" for name, value in expr.fields.items()
            )
            return MEMBER, "{" + ", ".join(fields) + "}"


def _has(expr: pst.HasAttr) -> tuple[int, str]:
    base = _write(expr.base, SUM)
    if all(map(is_bare, expr.attrs)):
        return RELATION, f"{base} has {'.'.join(expr.attrs)}"
    if len(expr.attrs) == 1:
        return RELATION, f"{base} has {cedar_string(expr.attrs[0])}"
    # Only identifiers may form a path: `x has "a b".c` is `x has "a b" && x["a b"] has c`.
    first, *rest = expr.attrs
    deeper = pst.HasAttr(pst.GetAttr(expr.base, first), tuple(rest))
    return AND, f"{base} has {cedar_string(first)} && {_has(deeper)[1]}"


def _unary(expr: pst.UnaryOp) -> tuple[int, str]:
    if expr.op in PREFIX:
        # `!!!!!x` is one too many for the grammar, so a second `!` goes into parentheses.
        return UNARY, PREFIX[expr.op] + _operand(expr)
    if expr.op in FUNCTIONS:
        return MEMBER, f"{expr.op}({write(expr.arg)})"
    return MEMBER, f"{_write(expr.arg, MEMBER)}.{METHODS[expr.op]}()"


def _operand(expr: pst.UnaryOp) -> str:
    # `-3` is a literal, `-(3)` the negation of one.
    literal = expr.op == "neg" and isinstance(expr.arg, pst.LongLit)
    return f"({write(expr.arg)})" if literal else _write(expr.arg, MEMBER)


def _binary(expr: pst.BinaryOp) -> tuple[int, str]:
    if expr.op not in INFIX:
        return MEMBER, f"{_write(expr.left, MEMBER)}.{METHODS[expr.op]}({write(expr.right)})"
    level, symbol = INFIX[expr.op]
    left = _write(expr.left, level + 1 if level == RELATION else level)
    return level, f"{left} {symbol} {_write(expr.right, level + 1)}"


def _access(name: str) -> str:
    return f".{name}" if is_bare(name) else f"[{cedar_string(name)}]"


def _element(element: pst.PatternElem) -> str:
    if isinstance(element, pst.Wildcard):
        return "*"
    return "\\*" if element.value == "*" else escape(element.value)
