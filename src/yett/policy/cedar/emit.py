"""One Cedar expression as the text of a Python expression.

Nothing of a policy's text ever stands in that text: every literal, name and pattern is a constant
with a generated name (`k7`), so no policy can break out of its expression. The text is nested at
most `MAX_DEPTH` deep: what is deeper goes into a function of its own (CPython's parser gives up at
200 parentheses). Forms are chosen so that a wrong type raises; see `operators.py` for the meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cedarpy import pst

from yett.policy.cedar import operators
from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.patterns import make_match
from yett.policy.cedar.values import RecordValue, SetValue, Truth

MAX_DEPTH = 30
# The local names that expressions may read; `compile.py` binds those that are used.
LOCALS = ("p", "r", "c", "es", "pa", "ra", "pn", "rn")
_ENTITY_VARS = {"principal": "p", "resource": "r"}


class Code(NamedTuple):
    """An expression: its text, its type where that is certain, its value where that is known."""

    text: str
    kind: type | None = None
    constant: tuple[Value, ...] = ()  # empty, or the one value
    depth: int = 0


class Emitter:
    """Turns expressions into text and collects the constants and functions they need.

    Args:
        action: the action that `action` stands for.
        actions: known actions -> all groups they are in.
    """

    def __init__(self, action: Uid, actions: Mapping[Uid, frozenset[Uid]]) -> None:
        self.action = action
        self.known = {uid: Entity(uid, {}, groups) for uid, groups in actions.items()}
        self.names: dict[str, Any] = {}
        self.functions: list[str] = []
        self.used: set[str] = set()
        self._of: dict[int, str] = {}
        self._temporaries = 0

    # --- names ---

    def bind(self, value: Any) -> str:
        """Give a constant its name; the same object has one name."""
        name = self._of.get(id(value))
        if name is None:
            name = self._of[id(value)] = f"k{len(self._of)}"
            self.names[name] = value  # keeps it alive: an id is unique only as long
        return name

    def use(self, *names: str) -> None:
        """Note that locals are read."""
        self.used.update(names)

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def _code(self, form: str, *parts: Code, kind: type | None = None) -> Code:
        """Fill the `{}` of a form with operands."""
        depth = 1 + max((part.depth for part in parts), default=0)
        text = form.format(*(part.text for part in parts))
        return self._hoisted(Code(text, kind, (), depth))

    def _hoisted(self, code: Code) -> Code:
        if code.depth < MAX_DEPTH:
            return code
        name, inputs = f"h{len(self.functions)}", ", ".join(LOCALS)
        self.functions.append(f"def {name}({inputs}):\n return {code.text}\n")
        self.use(*LOCALS)
        return Code(f"{name}({inputs})", code.kind, (), 1)

    def constant(self, value: Value) -> Code:
        """Write a value that is known."""
        return Code(self.bind(value), type(value), (value,))

    def _fail(self) -> Code:
        return Code(f"{self.bind(operators.fail)}()")

    # --- booleans ---

    def truth(self, code: Code) -> Code:
        """Write an operand that must be a boolean."""
        if code.kind is bool:
            return code
        if code.kind is not None:
            return self._fail()
        t, fail = self._temporary(), self.bind(operators.fail)
        return self._code(f"(({t} := {{}}) is True or ({t} is not False and {fail}()))", code,
                          kind=bool)  # fmt: skip

    def negated(self, code: Code) -> Code:
        """Write `!operand`."""
        one = self.truth(code)
        if one.constant:
            return self.constant(not one.constant[0])
        return self._code("(not {})", one, kind=bool)

    # --- expressions ---

    def expression(self, node: Any) -> Code:
        """Write any expression; `ValueError` where the language has grown."""
        write = _WRITERS.get(type(node))
        if write is None:
            raise ValueError(f"no way to compile {type(node).__name__}")
        return write(self, node)

    def _literal(self, node: Any) -> Code:
        return self.constant(node.value)

    def _entity(self, node: pst.EntityLit) -> Code:
        return self.constant(read_uid(node.value))

    def _var(self, node: pst.Var) -> Code:
        if node.name == "action":
            return self.constant(self.action)
        if node.name == "context":
            self.use("c")
            return Code(f"{self.bind(RecordValue)}(c)", RecordValue)
        local = _ENTITY_VARS[node.name]
        self.use(local)
        return Code(local, Uid)

    def attributes_of(self, node: Any) -> str:
        """Return the local that holds a variable's attributes, empty for anything else."""
        if not isinstance(node, pst.Var) or node.name == "action":
            return ""
        local = "c" if node.name == "context" else _ENTITY_VARS[node.name] + "a"
        self.use(local)
        return local

    def _get(self, node: pst.GetAttr) -> Code:
        name = self.bind(node.attr)
        if local := self.attributes_of(node.base):
            return Code(f"{local}[{name}]")
        self.use("es")
        get = self.bind(operators.get)
        return self._code(f"{get}(es, {{}}, {name})", self.expression(node.base))

    def _has(self, node: pst.HasAttr) -> Code:
        has, names = self.bind(operators.has), tuple(node.attrs)
        local = self.attributes_of(node.base)
        if local and len(names) == 1:
            return Code(f"({self.bind(names[0])} in {local})", bool, (), 1)
        self.use("es")
        if local:
            first, rest = self.bind(names[0]), self.bind(names[1:])
            text = f"({first} in {local} and {has}(es, {local}[{first}], {rest}))"
            return Code(text, bool, (), 2)
        base = self.expression(node.base)
        return self._code(f"{has}(es, {{}}, {self.bind(names)})", base, kind=bool)

    def _like(self, node: pst.Like) -> Code:
        elements = [e.value if isinstance(e, pst.Char) else None for e in node.pattern]
        base = self.expression(node.base)
        if elements and elements[-1] is None and elements.count(None) == 1:
            head = self.bind("".join(e for e in elements if e is not None))
            return self._code(f"{{}}.startswith({head})", base, kind=bool)
        return self._code(f"{self.bind(make_match(elements))}({{}})", base, kind=bool)

    def _is(self, node: pst.Is) -> Code:
        kind, base = self.bind(str(node.entity_type)), self.expression(node.base)
        if base.kind is not Uid:
            base = self._code(f"{self.bind(operators.need)}({self.bind(Uid)}, {{}})", base)
        if node.in_expr is None:
            return self._code(f"({{}}.type == {kind})", base, kind=bool)
        if isinstance(node.base, pst.Var):
            inside = self._in(node.base, base, node.in_expr)
            return self._code(f"({{}}.type == {kind} and {{}})", base, inside, kind=bool)
        t = self._temporary()  # written once: texts that double at each level have no bound
        self.use("es")
        form = f"(({t} := {{}}).type == {kind} and {self.bind(operators.is_in)}(es, {t}, {{}}))"
        return self._code(form, base, self.expression(node.in_expr), kind=bool)

    def _if(self, node: pst.IfThenElse) -> Code:
        condition = self.truth(self.expression(node.cond))
        one, two = self.expression(node.then_expr), self.expression(node.else_expr)
        if condition.constant:
            return one if condition.constant[0] else two
        kind = one.kind if one.kind is two.kind else None
        return self._code("({1} if {0} else {2})", condition, one, two, kind=kind)

    def _set(self, node: pst.Set) -> Code:
        return self._build(operators.build_set, [self.expression(e) for e in node.elements])

    def _record(self, node: pst.Record) -> Code:
        names, values = tuple(node.fields), [self.expression(e) for e in node.fields.values()]
        return self._build(operators.build_record, [self.constant(names), *values])

    def _build(self, make: Callable[..., Value], parts: list[Code]) -> Code:
        if all(part.constant for part in parts):
            return self.constant(make(*(part.constant[0] for part in parts)))
        kind = SetValue if make is operators.build_set else RecordValue
        holes = ", ".join(["{}"] * len(parts))
        return self._code(f"{self.bind(make)}({holes})", *parts, kind=kind)

    # --- operators ---

    def _unary(self, node: pst.UnaryOp) -> Code:
        if node.op == "not":
            return self.negated(self.expression(node.arg))
        apply, arg = _operator(operators.UNARY, node.op), self.expression(node.arg)
        if arg.constant:
            return self._folded(apply, arg)
        kind = bool if node.op in operators.ANSWERS_BOOL else None
        return self._code(f"{self.bind(apply)}({{}})", arg, kind=kind)

    def _binary(self, node: pst.BinaryOp) -> Code:
        if node.op in {"and", "or"}:
            return self._joined(node)
        if node.op == "in":
            return self._in(node.left, self.expression(node.left), node.right)
        one, two = self.expression(node.left), self.expression(node.right)
        if node.op in operators.ENTITIES:
            self.use("es")
            apply = self.bind(operators.ENTITIES[node.op])
            kind = bool if node.op in operators.ANSWERS_BOOL else None
            return self._code(f"{apply}(es, {{}}, {{}})", one, two, kind=kind)
        meaning = _operator(operators.BINARY, node.op)
        if one.constant and two.constant:
            return self._folded(meaning, one, two)
        if short := _SHORT.get(node.op):
            return short(self, one, two)
        kind = bool if node.op in operators.ANSWERS_BOOL else None
        return self._code(f"{self.bind(meaning)}({{}}, {{}})", one, two, kind=kind)

    def _folded(self, apply: Callable[..., Value], *parts: Code) -> Code:
        try:
            return self.constant(apply(*(part.constant[0] for part in parts)))
        except CedarError:
            return self._fail()

    def _joined(self, node: pst.BinaryOp) -> Code:
        """`a && b && c` as one flat chain; each operand must be a boolean."""
        stop = node.op == "or"
        parts: list[Code] = []
        for operand in flatten(node, node.op):
            part = self.truth(self.expression(operand))
            if part.constant and part.constant[0] is not stop:
                continue  # `true && x` is `x`, and `x` is checked to be a boolean
            parts.append(part)
            if part.constant:
                break  # nothing after `false &&` is evaluated
        if len(parts) < 2:
            return parts[0] if parts else self.constant(not stop)
        holes = f" {node.op} ".join(["{}"] * len(parts))
        return self._code(f"({holes})", *parts, kind=bool)

    def _in(self, left: Any, one: Code, right: Any) -> Code:
        two = self.expression(right)
        is_in = self.bind(operators.is_in)
        if one.constant and one.constant[0] in self.known:  # an action: its groups are known
            if two.constant:
                return self._folded(lambda a, b: operators.is_in(self.known, a, b), one, two)
            return self._code(f"{is_in}({self.bind(self.known)}, {{}}, {{}})", one, two, kind=bool)
        local = _ENTITY_VARS.get(left.name) if isinstance(left, pst.Var) else None
        if local and two.constant:
            self.use(local, local + "n")
            value = two.constant[0]
            if type(value) is Uid:
                text = f"({two.text} in {local}n or {local} == {two.text})"
                return Code(text, bool, (), 1)
            if type(value) is SetValue and all(type(e) is Uid for e in value.elements):
                group = self.bind(value.elements)
                text = f"({local} in {group} or not {group}.isdisjoint({local}n))"
                return Code(text, bool, (), 1)
        self.use("es")
        return self._code(f"{is_in}(es, {{}}, {{}})", one, two, kind=bool)

    def _equal(self, one: Code, two: Code) -> Code:
        if one.constant:
            one, two = two, one
        if two.constant and two.kind is bool:
            return self._code(f"({{}} is {two.constant[0]})", one, kind=bool)
        if two.constant and two.kind is int and one.kind is None:
            t = self._temporary()
            return self._code(f"(type({t} := {{}}) is int and {t} == {{}})", one, two, kind=bool)
        strict = {bool, int}  # the types whose values Python holds for equal to one another
        if one.kind not in {None, *strict} or two.kind not in {None, *strict} or (
            one.kind is two.kind is not None
        ):  # fmt: skip
            return self._code("({} == {})", one, two, kind=bool)
        return self._code(f"{self.bind(operators.equal)}({{}}, {{}})", one, two, kind=bool)

    def _unequal(self, one: Code, two: Code) -> Code:
        return self.negated(self._equal(one, two))

    def _contains(self, one: Code, two: Code) -> Code:
        if one.constant and type(one.constant[0]) is SetValue:
            elements = one.constant[0].elements
            if not any(type(e) in {int, Truth} for e in elements):
                return self._code(f"({{}} in {self.bind(elements)})", two, kind=bool)
        if two.kind not in {None, bool}:
            return self._code("({} in {}.elements)", two, one, kind=bool)
        return self._code(f"{self.bind(operators.contains)}({{}}, {{}})", one, two, kind=bool)

    def _compared(self, sign: str, meaning: str) -> Callable[[Code, Code], Code]:
        slow = self.bind(operators.BINARY[meaning])

        def write(one: Code, two: Code) -> Code:
            if two.constant and two.kind is int:
                t = self._temporary()
                form = f"({t} {sign} {{1}} if type({t} := {{0}}) is int else {slow}({t}, {{1}}))"
                return self._code(form, one, two, kind=bool)
            return self._code(f"{slow}({{}}, {{}})", one, two, kind=bool)

        return write


def read_uid(node: Any) -> Uid:
    """Convert a uid of the tree; a template's slot is a `ValueError`."""
    if isinstance(node, pst.Slot):
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


def _operator(table: Mapping[str, Callable[..., Value]], op: str) -> Callable[..., Value]:
    if op not in table:
        raise ValueError(f"no way to compile `{op}`")
    return table[op]


_WRITERS: dict[type, Callable[[Emitter, Any], Code]] = {
    pst.BoolLit: Emitter._literal,
    pst.LongLit: Emitter._literal,
    pst.StringLit: Emitter._literal,
    pst.EntityLit: Emitter._entity,
    pst.Var: Emitter._var,
    pst.GetAttr: Emitter._get,
    pst.HasAttr: Emitter._has,
    pst.Like: Emitter._like,
    pst.Is: Emitter._is,
    pst.IfThenElse: Emitter._if,
    pst.Set: Emitter._set,
    pst.Record: Emitter._record,
    pst.UnaryOp: Emitter._unary,
    pst.BinaryOp: Emitter._binary,
}
_SHORT: dict[str, Callable[[Emitter, Code, Code], Code]] = {
    "eq": Emitter._equal,
    "not_eq": Emitter._unequal,
    "contains": Emitter._contains,
    "contains_all": lambda e, a, b: e._code("({}.elements >= {}.elements)", a, b, kind=bool),
    "contains_any": lambda e, a, b: e._code(
        "(not {}.elements.isdisjoint({}.elements))", a, b, kind=bool
    ),
    "less": lambda e, a, b: e._compared("<", "less")(a, b),
    "less_eq": lambda e, a, b: e._compared("<=", "less_eq")(a, b),
    "greater": lambda e, a, b: e._compared(">", "greater")(a, b),
    "greater_eq": lambda e, a, b: e._compared(">=", "greater_eq")(a, b),
}
