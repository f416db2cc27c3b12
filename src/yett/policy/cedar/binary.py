"""Compiled forms of Cedar's binary operators, the shortest that a wrong type still breaks out of.

`x.elements` exists on sets only and `in` on constants is the common case, so most forms need no
type check of their own; where Python's `True == 1` could slip in, `operators.py` is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yett.policy.cedar import operators
from yett.policy.cedar.emit import Code, Emitter
from yett.policy.cedar.model import Uid
from yett.policy.cedar.values import SetValue, Truth

# The types of which Python holds values for equal to one another.
_ALIKE = (bool, int)


def write_operator(emitter: Emitter, op: str, one: Code, two: Code) -> Code:
    """Write any operator but `&&`, `||` and `in`; `ValueError` where it is not known."""
    kind = bool if op in operators.ANSWERS_BOOL else None
    if op in operators.ENTITIES:
        emitter.use("es")
        apply = emitter.bind(operators.ENTITIES[op])
        return emitter.code(f"{apply}(es, {{}}, {{}})", one, two, kind=kind)
    if op not in operators.BINARY:
        raise ValueError(f"no way to compile `{op}`")
    if one.constant and two.constant:
        return emitter.folded(operators.BINARY[op], one, two)
    if op in _SIGNS and two.constant and two.kind is int:
        return _compared(emitter, op, one, two)
    if op in _SHORT:
        return _SHORT[op](emitter, one, two)
    return emitter.call(operators.BINARY[op], one, two, kind=kind)


def write_joined(emitter: Emitter, op: str, operands: Sequence[Code]) -> Code:
    """Write `a && b && c` as one flat chain; each operand must be a boolean."""
    stop = op == "or"
    parts: list[Code] = []
    for operand in operands:
        part = emitter.truth(operand)
        if part.constant and part.constant[0] is not stop:
            continue  # `true && x` is `x`, and `x` is checked to be a boolean
        parts.append(part)
        if part.constant:
            break  # nothing after `false &&` is evaluated
    if len(parts) < 2:
        return parts[0] if parts else emitter.constant(not stop)
    holes = f" {op} ".join(["{}"] * len(parts))
    return emitter.code(f"({holes})", *parts, kind=bool)


def write_in(emitter: Emitter, local: str, one: Code, two: Code) -> Code:
    """Write `one in two`; `local` is the local that `one` is, empty for anything else."""
    if one.constant and one.constant[0] in emitter.known:  # an action: its groups are known
        known = emitter.known
        if two.constant:
            return emitter.folded(lambda a, b: operators.is_in(known, a, b), one, two)
        form = f"{emitter.bind(operators.is_in)}({emitter.bind(known)}, {{}}, {{}})"
        return emitter.code(form, one, two, kind=bool)
    if local and two.kind is Uid and two.constant:
        emitter.use(local, local + "n")
        return emitter.code(f"({{}} in {local}n or {local} == {{}})", two, two, kind=bool)
    if local and two.constant and _all_uids(two):
        emitter.use(local, local + "n")
        groups = emitter.bind(two.constant[0].elements)
        text = f"({local} in {groups} or not {groups}.isdisjoint({local}n))"
        return Code(text, bool, (), 1)
    emitter.use("es")
    form = f"{emitter.bind(operators.is_in)}(es, {{}}, {{}})"
    return emitter.code(form, one, two, kind=bool)


def _all_uids(code: Code) -> bool:
    value = code.constant[0]
    return type(value) is SetValue and all(type(item) is Uid for item in value.elements)


def _equal(emitter: Emitter, one: Code, two: Code) -> Code:
    if one.constant:
        one, two = two, one
    if two.constant and two.kind is bool:
        return emitter.code(f"({{}} is {two.constant[0] is True})", one, kind=bool)
    if two.constant and two.kind is int and one.kind is None:
        t = emitter.temporary()
        return emitter.code(f"(type({t} := {{}}) is int and {t} == {{}})", one, two, kind=bool)
    alone = any(code.kind is not None and code.kind not in _ALIKE for code in (one, two))
    if alone or (one.kind is two.kind is not None):
        return emitter.code("({} == {})", one, two, kind=bool)
    return emitter.call(operators.equal, one, two, kind=bool)


def _unequal(emitter: Emitter, one: Code, two: Code) -> Code:
    return emitter.negated(_equal(emitter, one, two))


def _contains(emitter: Emitter, one: Code, two: Code) -> Code:
    if one.constant and type(one.constant[0]) is SetValue:
        elements = one.constant[0].elements
        if not any(type(item) in {int, Truth} for item in elements):
            return emitter.code(f"({{}} in {emitter.bind(elements)})", two, kind=bool)
    if two.kind is not None and two.kind is not bool:
        return emitter.code("({} in {}.elements)", two, one, kind=bool)
    return emitter.call(operators.contains, one, two, kind=bool)


def _contains_all(emitter: Emitter, one: Code, two: Code) -> Code:
    return emitter.code("({}.elements >= {}.elements)", one, two, kind=bool)


def _contains_any(emitter: Emitter, one: Code, two: Code) -> Code:
    return emitter.code("(not {}.elements.isdisjoint({}.elements))", one, two, kind=bool)


def _compared(emitter: Emitter, op: str, one: Code, two: Code) -> Code:
    """Compare with a constant Long; anything but a Long errs in `operators.py`."""
    t, slow = emitter.temporary(), emitter.bind(operators.BINARY[op])
    form = f"({t} {_SIGNS[op]} {{1}} if type({t} := {{0}}) is int else {slow}({t}, {{1}}))"
    return emitter.code(form, one, two, kind=bool)


_SIGNS = {"less": "<", "less_eq": "<=", "greater": ">", "greater_eq": ">="}
_SHORT: dict[str, Callable[[Emitter, Code, Code], Code]] = {
    "eq": _equal,
    "not_eq": _unequal,
    "contains": _contains,
    "contains_all": _contains_all,
    "contains_any": _contains_any,
}
