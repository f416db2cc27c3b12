"""Any Cedar expression as compiled code: one small writer for each kind of node.

What is constant is folded; a constant that errs is code that errs. A node that is not known here is
a `ValueError`, and its slice is decided by cedarpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cedarpy import pst

from yett.policy.cedar import operators
from yett.policy.cedar.binary import write_in, write_joined, write_operator
from yett.policy.cedar.emit import Code, Emitter
from yett.policy.cedar.model import Uid, Value
from yett.policy.cedar.patterns import make_match
from yett.policy.cedar.values import RecordValue, SetValue

_ENTITY_LOCALS = {"principal": "p", "resource": "r"}


def write(emitter: Emitter, node: Any) -> Code:
    """Write an expression."""
    writer = _WRITERS.get(type(node))
    if writer is None:
        raise ValueError(f"no way to compile {type(node).__name__}")
    return writer(emitter, node)


def read_uid(node: Any) -> Uid:
    """Convert a uid of the tree; a template's slot is a `ValueError`."""
    if not isinstance(node, pst.EntityUid):
        raise ValueError("a template cannot be compiled")  # noqa: TRY004 — one kind for the caller
    return Uid(str(node.type), node.id)


def flatten(node: Any, op: str) -> list[Any]:
    """List the operands of nested `op`s in the order of evaluation."""
    found: list[Any] = []
    open_ = [node]
    while open_:
        one = open_.pop()
        if isinstance(one, pst.BinaryOp) and one.op == op:
            open_ += [one.right, one.left]
        else:
            found.append(one)
    return found


def _literal(emitter: Emitter, node: Any) -> Code:
    return emitter.constant(node.value)


def _entity(emitter: Emitter, node: pst.EntityLit) -> Code:
    return emitter.constant(read_uid(node.value))


def _var(emitter: Emitter, node: pst.Var) -> Code:
    if node.name == "action":
        return emitter.constant(emitter.action)
    if node.name == "context":
        emitter.use("c")
        return Code(f"{emitter.bind(RecordValue)}(c)", RecordValue)
    emitter.use(_local(node))
    return Code(_local(node), Uid)


def _local(node: Any) -> str:
    """Return the local that holds an entity variable, empty for anything else."""
    return _ENTITY_LOCALS.get(node.name, "") if isinstance(node, pst.Var) else ""


def _attributes(emitter: Emitter, node: Any) -> str:
    """Return the local that holds a variable's attributes, empty for anything else."""
    if isinstance(node, pst.Var) and node.name == "context":
        emitter.use("c")
        return "c"
    if local := _local(node):
        emitter.use(local + "a")
        return local + "a"
    return ""


def _get(emitter: Emitter, node: pst.GetAttr) -> Code:
    name = emitter.bind(node.attr)
    if local := _attributes(emitter, node.base):
        return Code(f"{local}[{name}]")
    emitter.use("es")
    form = f"{emitter.bind(operators.get)}(es, {{}}, {name})"
    return emitter.code(form, write(emitter, node.base))


def _has(emitter: Emitter, node: pst.HasAttr) -> Code:
    first, rest = emitter.bind(node.attrs[0]), node.attrs[1:]
    local = _attributes(emitter, node.base)
    if local and not rest:
        return Code(f"({first} in {local})", bool, (), 1)
    emitter.use("es")
    has = emitter.bind(operators.has)
    if local:
        text = f"({first} in {local} and {has}(es, {local}[{first}], {emitter.bind(rest)}))"
        return Code(text, bool, (), 2)
    form = f"{has}(es, {{}}, {emitter.bind(node.attrs)})"
    return emitter.code(form, write(emitter, node.base), kind=bool)


def _like(emitter: Emitter, node: pst.Like) -> Code:
    elements = [e.value if isinstance(e, pst.Char) else None for e in node.pattern]
    base = write(emitter, node.base)
    if elements[-1:] == [None] and elements.count(None) == 1:
        head = emitter.bind("".join(e for e in elements if e is not None))
        return emitter.code(f"{{}}.startswith({head})", base, kind=bool)  # strings only have it
    return emitter.call(make_match(elements), base, kind=bool)


def _is(emitter: Emitter, node: pst.Is) -> Code:
    kind, base = emitter.bind(str(node.entity_type)), write(emitter, node.base)
    if base.kind is not Uid:
        base = emitter.code(f"{emitter.bind(operators.need)}({emitter.bind(Uid)}, {{}})", base)
    if node.in_expr is None:
        return emitter.code(f"({{}}.type == {kind})", base, kind=bool)
    group = write(emitter, node.in_expr)
    if isinstance(node.base, pst.Var):
        inside = write_in(emitter, _local(node.base), base, group)
        return emitter.code(f"({{}}.type == {kind} and {{}})", base, inside, kind=bool)
    t = emitter.temporary()  # the base is written once: texts that double have no bound
    emitter.use("es")
    form = f"(({t} := {{}}).type == {kind} and {emitter.bind(operators.is_in)}(es, {t}, {{}}))"
    return emitter.code(form, base, group, kind=bool)


def _if(emitter: Emitter, node: pst.IfThenElse) -> Code:
    condition = emitter.truth(write(emitter, node.cond))
    one, two = write(emitter, node.then_expr), write(emitter, node.else_expr)
    if condition.constant:
        return one if condition.constant[0] else two
    kind = one.kind if one.kind is two.kind else None
    return emitter.code("({1} if {0} else {2})", condition, one, two, kind=kind)


def _set(emitter: Emitter, node: pst.Set) -> Code:
    parts = [write(emitter, element) for element in node.elements]
    return _built(emitter, operators.build_set, parts, SetValue)


def _record(emitter: Emitter, node: pst.Record) -> Code:
    names = emitter.constant(tuple(node.fields))
    parts = [write(emitter, value) for value in node.fields.values()]
    return _built(emitter, operators.build_record, [names, *parts], RecordValue)


def _built(emitter: Emitter, make: Callable[..., Value], parts: list[Code], kind: type) -> Code:
    if all(part.constant for part in parts):
        return emitter.folded(make, *parts)
    return emitter.call(make, *parts, kind=kind)


def _unary(emitter: Emitter, node: pst.UnaryOp) -> Code:
    operand = write(emitter, node.arg)
    if node.op == "not":
        return emitter.negated(operand)
    if node.op not in operators.UNARY:
        raise ValueError(f"no way to compile `{node.op}`")
    apply = operators.UNARY[node.op]
    if operand.constant:
        return emitter.folded(apply, operand)
    return emitter.call(apply, operand, kind=bool if node.op in operators.ANSWERS_BOOL else None)


def _binary(emitter: Emitter, node: pst.BinaryOp) -> Code:
    if node.op in {"and", "or"}:
        operands = [write(emitter, operand) for operand in flatten(node, node.op)]
        return write_joined(emitter, node.op, operands)
    one, two = write(emitter, node.left), write(emitter, node.right)
    if node.op == "in":
        return write_in(emitter, _local(node.left), one, two)
    return write_operator(emitter, node.op, one, two)


_WRITERS: dict[type, Callable[[Emitter, Any], Code]] = {
    pst.BoolLit: _literal,
    pst.LongLit: _literal,
    pst.StringLit: _literal,
    pst.EntityLit: _entity,
    pst.Var: _var,
    pst.GetAttr: _get,
    pst.HasAttr: _has,
    pst.Like: _like,
    pst.Is: _is,
    pst.IfThenElse: _if,
    pst.Set: _set,
    pst.Record: _record,
    pst.UnaryOp: _unary,
    pst.BinaryOp: _binary,
}
