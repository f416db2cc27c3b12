"""Compares two schemas of one place: what NEW accepts, shows or lets be written that OLD did not.

Not a proof: keywords are compared one by one, and where that says nothing (`not`, another number of
branches, another pattern) the change itself is reported. JSON Schema 2020-12, OpenAPI 3.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from yett.contract.places import Pointer, read_pointer
from yett.contract.report import quote
from yett.contract.rules import Rule
from yett.policy.pointers import MAX_REF_HOPS, Document, RefError
from yett.review.rules import (
    CLASS_LOST,
    FIELD_ADDED,
    FIELDS_OPENED,
    READ_ONLY_LOST,
    SCHEMA_CHANGED,
    SCHEMA_LOOSENED,
    WRITE_ONLY_LOST,
)

Json = Any

UPPER = ("maximum", "maxLength", "maxItems", "maxProperties", "maxContains")
LOWER = ("minimum", "minLength", "minItems", "minProperties", "minContains")
EXCLUSIVE = ("exclusiveMaximum", "exclusiveMinimum")
EXACT = ("pattern", "format", "const", "not", "if", "then", "else", "multipleOf")
EXACT_TOO = ("contains", "propertyNames", "dependentRequired", "dependentSchemas", "uniqueItems")
BRANCHES = ("allOf", "anyOf", "oneOf", "prefixItems")
MAX_DEPTH = 64
MAX_QUOTED = 4


class Loosened(Struct, frozen=True):
    """One difference: `pointer` is where in NEW's document, `place` how it is called."""

    rule: Rule
    message: str
    pointer: Pointer


class Comparison:
    """Compares schemas of two documents.

    Args:
        old, new: the documents.
        sent: whether values come from callers (else they are answers).
    """

    def __init__(self, old: Json, new: Json, *, sent: bool) -> None:
        self._old, self._new = Shelf(old), Shelf(new)
        self._sent = sent
        self._seen: set[tuple[int, int]] = set()
        self.found: list[Loosened] = []

    def compare(self, old: Json, new: Json, pointer: Pointer, depth: int = 0) -> None:
        """Compare two schemas, of which NEW's is at `pointer`."""
        one, _ = self._old.follow(old, ())
        two, pointer = self._new.follow(new, pointer)
        key = (id(one), id(two))
        if one == two and not _has_ref(one):
            return
        if key in self._seen or depth > MAX_DEPTH:
            return
        self._seen.add(key)
        if not (isinstance(one, dict) and isinstance(two, dict)):
            self._booleans(one, two, pointer)
            return
        self._marks(one, two, pointer)
        if self._sent:
            self._types(one, two, pointer)
            self._bounds(one, two, pointer)
            self._exact(one, two, pointer)
            self._enum(one, two, pointer)
            self._required(one, two, pointer)
        self._opened(one, two, pointer)
        self._inside(one, two, pointer, depth + 1)

    def _say(self, rule: Rule, message: str, pointer: Pointer) -> None:
        self.found.append(Loosened(rule, message, pointer))

    def _booleans(self, one: Json, two: Json, pointer: Pointer) -> None:
        if one is False or one == two or not self._sent:
            return
        if two is True or two == {}:
            self._say(SCHEMA_LOOSENED, "anything is accepted", pointer)

    def _marks(self, one: Json, two: Json, pointer: Pointer) -> None:
        name = quote(pointer[-1]) if pointer else "the value"
        if self._sent and one.get("readOnly") is True and two.get("readOnly") is not True:
            self._say(READ_ONLY_LOST, f"{name} is no longer `readOnly`", pointer)
        if not self._sent and one.get("writeOnly") is True and two.get("writeOnly") is not True:
            self._say(WRITE_ONLY_LOST, f"{name} is no longer `writeOnly`", pointer)
        was, now = one.get("x-yett-class"), two.get("x-yett-class")
        if was is not None and was != now:
            became = f"is now in {quote(now)}" if now is not None else "is in no class"
            self._say(CLASS_LOST, f"{name} was in the class {quote(was)} and {became}", pointer)

    def _types(self, one: Json, two: Json, pointer: Pointer) -> None:
        was, now = types(one), types(two)
        more = sorted(now - was) if was else []
        if was and (not now or more):
            said = f"also {', '.join(map(quote, more))}" if now else "a value of any type"
            self._say(SCHEMA_LOOSENED, f"{said} is accepted", pointer)

    def _bounds(self, one: Json, two: Json, pointer: Pointer) -> None:
        for names, sign in ((UPPER, 1), (LOWER, -1)):
            for name in names:
                was, now = one.get(name), two.get(name)
                if _number(was) and (not _number(now) or sign * now > sign * was):
                    became = f"now {quote(now)}" if _number(now) else "gone"
                    self._say(
                        SCHEMA_LOOSENED, f"`{name}` was {quote(was)} and is {became}", pointer
                    )
        for name in EXCLUSIVE:
            was, now = one.get(name), two.get(name)
            if was not in (None, False) and was != now:
                self._exclusive(name, was, now, two, pointer)

    def _exclusive(self, name: str, was: Json, now: Json, two: Json, pointer: Pointer) -> None:
        """Compare an exclusive bound: a number, in OpenAPI 3.0 a mark beside the bound."""
        sign = 1 if name == "exclusiveMaximum" else -1
        if _number(was) and _number(now) and sign * now <= sign * was:
            return
        bound = two.get(name.replace("exclusiveM", "m"))
        if _number(was) and _number(bound) and sign * bound < sign * was:
            return
        became = f"now {quote(now)}" if now is not None else "gone"
        self._say(SCHEMA_LOOSENED, f"`{name}` was {quote(was)} and is {became}", pointer)

    def _exact(self, one: Json, two: Json, pointer: Pointer) -> None:
        for name in (*EXACT, *EXACT_TOO):
            if name in one and one[name] != two.get(name) and one[name] is not False:
                if name not in two:
                    self._say(SCHEMA_LOOSENED, f"`{name}` is gone", pointer)
                else:
                    self._say(SCHEMA_CHANGED, f"`{name}` is another one", pointer)
            elif name == "not" and name not in one and name in two:
                continue  # a further prohibition

    def _enum(self, one: Json, two: Json, pointer: Pointer) -> None:
        was, now = one.get("enum"), two.get("enum")
        if not isinstance(was, list):
            return
        if not isinstance(now, list):
            if "const" not in two or two["const"] not in was:
                self._say(SCHEMA_LOOSENED, "`enum` is gone", pointer)
            return
        more = [value for value in now if value not in was]
        if more:
            named = ", ".join(quote(value) for value in more[:MAX_QUOTED])
            self._say(SCHEMA_LOOSENED, f"`enum` also has {named}", pointer)

    def _required(self, one: Json, two: Json, pointer: Pointer) -> None:
        was, now = one.get("required"), two.get("required")
        known = now if isinstance(now, list) else []
        gone = [name for name in was if name not in known] if isinstance(was, list) else []
        if gone:
            named = ", ".join(quote(name) for name in gone[:MAX_QUOTED])
            self._say(SCHEMA_LOOSENED, f"no longer required: {named}", pointer)

    def _opened(self, one: Json, two: Json, pointer: Pointer) -> None:
        for name in ("additionalProperties", "unevaluatedProperties"):
            was, now = one.get(name), two.get(name)
            if name in two and now is not False and (was is False or name not in one):
                self._say(FIELDS_OPENED, f"`{name}` admits fields that nobody declared", pointer)
        new = [
            p
            for p in _members(two, "patternProperties")
            if p not in (_members(one, "patternProperties"))
        ]
        if new:
            named = quote(new[0])
            self._say(FIELDS_OPENED, f"`patternProperties` admits fields like {named}", pointer)

    def _inside(self, one: Json, two: Json, pointer: Pointer, depth: int) -> None:
        for group in ("properties", "patternProperties"):
            was, now = _members(one, group), _members(two, group)
            for name, schema in now.items():
                place = (*pointer, group, name)
                if name in was:
                    self.compare(was[name], schema, place, depth)
                elif group == "properties" and not self._hidden(schema):
                    verb = "is accepted" if self._sent else "is shown"
                    self._say(FIELD_ADDED, f"{quote(name)} {verb}", place)
        for name in ("items", "additionalProperties", "unevaluatedProperties", "contains"):
            if isinstance(one.get(name), dict) and isinstance(two.get(name), dict):
                self.compare(one[name], two[name], (*pointer, name), depth)
        if self._sent and isinstance(one.get("items"), dict) and "items" not in two:
            self._say(SCHEMA_LOOSENED, "`items` is gone", pointer)
        self._branches(one, two, pointer, depth)

    def _hidden(self, schema: Json) -> bool:
        """Whether a new property is no part of this direction."""
        node, _ = self._new.follow(schema, ())
        mark = "readOnly" if self._sent else "writeOnly"
        return isinstance(node, dict) and node.get(mark) is True

    def _branches(self, one: Json, two: Json, pointer: Pointer, depth: int) -> None:
        for name in BRANCHES:
            was, now = one.get(name), two.get(name)
            if not isinstance(was, list) and not isinstance(now, list):
                continue
            if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
                for at, (a, b) in enumerate(zip(was, now, strict=True)):
                    self.compare(a, b, (*pointer, name, str(at)), depth)
            elif name != "allOf" or isinstance(was, list):
                self._say(SCHEMA_CHANGED, f"`{name}` has other branches", pointer)


def types(schema: Json) -> frozenset[str]:
    """Return the JSON types a schema names; `number` includes `integer`."""
    declared = schema.get("type")
    found = {declared} if isinstance(declared, str) else set()
    if isinstance(declared, list):
        found |= {name for name in declared if isinstance(name, str)}
    if found and schema.get("nullable") is True:
        found.add("null")
    return frozenset(found | {"integer"} if "number" in found else found)


class Shelf:
    """Follows references of one document; words beside a `$ref` are laid over what it leads to."""

    def __init__(self, root: Json) -> None:
        self._document = Document(root)
        self._merged: dict[int, tuple[Json, Json]] = {}  # kept: a number stays its node's

    def follow(self, node: Json, pointer: Pointer, hops: int = 0) -> tuple[Json, Pointer]:
        """Return what a schema says, and where."""
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str) or hops > MAX_REF_HOPS:
            return node, pointer
        try:
            target = self._document.resolve(ref)
        except RefError:
            return node, pointer
        beside = {name: value for name, value in node.items() if name != "$ref"}
        if not beside.keys() - {"description", "summary"}:
            inner = read_pointer(ref[1:]) if ref[1:2] == "/" else pointer
            return self.follow(target, inner, hops + 1)
        if id(node) not in self._merged:
            said, _ = self.follow(target, pointer, hops + 1)
            self._merged[id(node)] = node, {**said, **beside} if isinstance(said, dict) else beside
        return self._merged[id(node)][1], pointer


def _has_ref(node: Json) -> bool:
    """Whether a schema mentions another one: equal words may then mean different things."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "$ref" in each:
                return True
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def _members(schema: Json, name: str) -> dict[str, Json]:
    found = schema.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def compare_schemas(
    documents: tuple[Json, Json], schemas: tuple[Json, Json], pointer: Pointer, *, sent: bool
) -> Iterator[Loosened]:
    """Compare the schemas of one place; the arguments are (OLD, NEW)."""
    comparison = Comparison(*documents, sent=sent)
    comparison.compare(*schemas, pointer)
    yield from comparison.found
