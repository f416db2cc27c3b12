"""Check a plain value against a Struct and name every mistake, not only the first.

`msgspec.convert` stops at the first mistake and knows no "did you mean"; this walks the same type
and collects. It never converts: that is `msgspec.convert`'s, once nothing is wrong.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any

import msgspec.inspect as types
from msgspec import Struct

from yett.contract.places import Pointer
from yett.contract.report import quote

MAX_NAMES_IN_HINT = 30


class Misfit(Struct, frozen=True):
    """One mistake.

    Args:
        kind: `unknown`, `missing` or `value`.
        pointer: the tokens from the checked value to the mistake.
        message: what is wrong, without the place.
        hint: what to do.
    """

    kind: str
    pointer: Pointer
    message: str
    hint: str = ""


def misfits(value: Any, shape: type) -> list[Misfit]:
    """List what keeps `value` from being converted to `shape`."""
    found: list[Misfit] = []
    _check(value, _info(shape), (), found)
    return found


def did_you_mean(name: str, names: list[str]) -> str:
    """Return a hint: the closest name, else all of them when they are few."""
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if len(names) > MAX_NAMES_IN_HINT:
        return ""
    return "known here: " + ", ".join(f"`{n}`" for n in sorted(names))


@cache
def _info(shape: type) -> types.Type:
    return types.type_info(shape)


def _check(value: Any, kind: types.Type, at: Pointer, found: list[Misfit]) -> None:
    if isinstance(kind, types.StructType):
        _struct(value, kind, at, found)
    elif isinstance(kind, types.DictType):
        if _is(value, dict, kind, at, found):
            for key, item in value.items():
                _check(item, kind.value_type, (*at, str(key)), found)
    elif isinstance(kind, types.VarTupleType):
        if _is(value, list, kind, at, found):
            for index, item in enumerate(value):
                _check(item, kind.item_type, (*at, str(index)), found)
    elif isinstance(kind, types.UnionType):
        _union(value, kind, at, found)
    elif not _fits(value, kind):
        message = f"{quote(value)} is not {expected(kind)}"
        found.append(Misfit("value", at, message, _value_hint(value, kind)))


def _value_hint(value: Any, kind: types.Type) -> str:
    """Guess which word was meant, or that a number or a truth was put in quotes."""
    if not isinstance(value, str):
        return ""
    if isinstance(kind, types.EnumType | types.LiteralType):
        words = kind.values if isinstance(kind, types.LiteralType) else [m.value for m in kind.cls]
        hint = did_you_mean(value, [str(word) for word in words])
        return hint if hint.startswith("did you mean") else ""
    plain = isinstance(kind, types.IntType | types.FloatType | types.BoolType)
    number = value.replace(".", "", 1).isdigit()
    return "write it without quotes" if plain and (number or value in ("true", "false")) else ""


def _struct(value: Any, kind: types.StructType, at: Pointer, found: list[Misfit]) -> None:
    if not _is(value, dict, kind, at, found):
        return
    fields = {field.encode_name: field for field in kind.fields}
    for key, item in value.items():
        if key in fields:
            _check(item, fields[key].type, (*at, key), found)
        else:
            hint = did_you_mean(str(key), list(fields))
            found.append(Misfit("unknown", (*at, str(key)), f"{quote(key)} is not known", hint))
    for name, field in fields.items():
        if field.required and name not in value:
            message = f"`{name}` is missing: {expected(field.type)}"
            found.append(Misfit("missing", (*at, name), message))


def _union(value: Any, kind: types.UnionType, at: Pointer, found: list[Misfit]) -> None:
    """Of the shapes that a value may have, name the mistakes against the one it resembles."""
    trials: list[list[Misfit]] = []
    for inner in kind.types:
        trial: list[Misfit] = []
        _check(value, inner, at, trial)
        if not trial:
            return
        if trial[0].pointer != at:  # the outer type fits, the mistake is further inside
            trials.append(trial)
    message = f"{quote(value)} is not {expected(kind)}"
    found.extend(trials[0] if trials else [Misfit("value", at, message)])


def _is(value: Any, shape: type, kind: types.Type, at: Pointer, found: list[Misfit]) -> bool:
    if isinstance(value, shape):
        return True
    found.append(Misfit("value", at, f"{quote(value)} is not {expected(kind)}"))
    return False


def _fits(value: Any, kind: types.Type) -> bool:
    match kind:
        case types.StrType():
            return isinstance(value, str)
        case types.BoolType():
            return isinstance(value, bool)
        case types.IntType():
            return type(value) is int and _within(value, kind)
        case types.FloatType():
            return type(value) in (int, float) and _within(value, kind)
        case types.EnumType():
            return any(value == member.value for member in kind.cls)
        case types.LiteralType():
            return value in kind.values and type(value) is not bool
        case types.NoneType():
            return value is None
        case types.AnyType():
            return True
        case _:
            return False


def _within(value: float, kind: types.IntType | types.FloatType) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def expected(kind: types.Type) -> str:
    """Describe the form a value must have."""
    match kind:
        case types.StrType():
            return "a string"
        case types.BoolType():
            return "`true` or `false`"
        case types.IntType():
            return "an integer" + _bounds(kind)
        case types.FloatType():
            return "a number" + _bounds(kind)
        case types.EnumType():
            return "one of " + ", ".join(f"`{member.value}`" for member in kind.cls)
        case types.LiteralType():
            return "one of " + ", ".join(f"`{value}`" for value in kind.values)
        case types.VarTupleType():
            return "a list, each " + expected(kind.item_type)
        case types.UnionType():
            parts = [expected(t) for t in kind.types if not isinstance(t, types.NoneType)]
            return " or ".join(parts)
        case _:
            return "a table of names and values"


def _bounds(kind: types.IntType | types.FloatType) -> str:
    words = (("from", kind.ge), ("greater than", kind.gt), ("to", kind.le), ("below", kind.lt))
    return "".join(f" {word} {bound:.10g}" for word, bound in words if bound is not None)
