"""Walk every schema once; mend what real documents get wrong, to the strict side.

A keyword that cannot be read makes its schema match nothing (`{"not": {}}`), with a warning: the
operation refuses what it cannot check, the other operations go on. A number written as text is
read as that number (OpenAI's `"9.22e18"`). JSON Schema 2020-12, and OpenAPI 3.0's dialect.
"""

from __future__ import annotations

from typing import Any

from yett.contract.cycles import break_cycles
from yett.contract.fitting import did_you_mean
from yett.contract.keywords import LEAVES, TYPES
from yett.contract.places import Pointer
from yett.contract.refs import Reader, is_remote, never
from yett.contract.report import quote
from yett.contract.rules import OPENAPI_REF, SCHEMA_KEYWORD, SCHEMA_REF

ONE = (
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
MAP = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_INNER = {**dict.fromkeys(ONE, 1), **dict.fromkeys(LIST, 2), **dict.fromkeys(MAP, 3)}


# Without these the schema is no wider, or they are annotations.
_DROPPED = frozenset(("deprecated", "discriminator", "format", "nullable", "writeOnly"))
_NUMERIC = frozenset(k for k, (_, form) in LEAVES.items() if "number" in form)
_LARGEST = 1e300


def mend_schemas(reader: Reader) -> None:
    """Check all schemas of components and of operations, and mend them in place."""
    _Mender(reader).run()


class _Mender:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._siblings_count = reader.version != "3.0"  # 3.0: what stands beside `$ref` is ignored
        self._seen: set[int] = set()
        self._stack: list[tuple[dict[str, Any], Pointer]] = []
        self._targets: dict[Pointer, Any] = {}

    def run(self) -> None:
        """Walk from components and from the operations' own schemas."""
        components = self._reader.document.get("components")
        if isinstance(components, dict) and "schemas" in components:
            self._map(components, "schemas", ("components",))
        for schema, pointer in self._reader.schemas:
            self._push(schema, pointer)
        while self._stack:
            self._schema(*self._stack.pop())
        break_cycles(self._targets, self._reader, siblings_count=self._siblings_count)

    def _push(self, schema: dict[str, Any], pointer: Pointer) -> None:
        if id(schema) not in self._seen:
            self._seen.add(id(schema))
            self._stack.append((schema, pointer))

    def _schema(self, schema: dict[str, Any], pointer: Pointer) -> None:
        if "$ref" in schema:
            self._ref(schema, pointer)
            if not self._siblings_count:
                return
        faults = []
        for key, value in schema.items():
            leaf = LEAVES.get(key)
            if leaf is not None:
                if not leaf[0](value):
                    faults.append(key)
            elif key in _INNER:
                faults += self._inner(schema, key, pointer)
        for key in faults:
            if key in schema:  # an earlier fault may have emptied it
                self._mend(schema, key, pointer)
        if "$id" in schema and pointer:
            del schema["$id"]
            self._warn("`$id` is ignored: references are read against the document", pointer, "$id")

    def _inner(self, schema: dict[str, Any], key: str, pointer: Pointer) -> list[str]:
        kind = _INNER[key]
        if kind == 1:
            return self._one(schema, key, pointer)
        if kind == 2:
            return self._list(schema, key, pointer)
        return self._map(schema, key, pointer)

    def _one(self, schema: Any, key: Any, pointer: Pointer) -> list[str]:
        value = schema[key]
        if type(value) is dict:
            self._push(value, (*pointer, str(key)))
        elif type(value) is not bool:
            return [key]
        return []

    def _list(self, schema: dict[str, Any], key: str, pointer: Pointer) -> list[str]:
        value = schema[key]
        if type(value) is not list or not value:
            return [key]
        inner = (*pointer, key)
        for index in range(len(value)):
            if self._one(value, index, inner):
                value[index] = self._not_a_schema(value[index], (*inner, str(index)))
        return []

    def _map(self, schema: dict[str, Any], key: str, pointer: Pointer) -> list[str]:
        value = schema[key]
        if type(value) is not dict:
            return [key]
        inner = (*pointer, key)
        for name in value:
            if self._one(value, name, inner):
                value[name] = self._not_a_schema(value[name], (*inner, name))
        return []

    def _not_a_schema(self, value: Any, pointer: Pointer) -> dict[str, Any]:
        self._warn(f"{quote(value)} is not a schema: nothing matches it", pointer)
        return {"not": {}}

    def _ref(self, schema: dict[str, Any], pointer: Pointer) -> None:
        ref = schema["$ref"]
        if type(ref) is str and is_remote(ref):
            message = f"the reference {quote(ref)} is not local"
            hint = "bundle the files into one: yett fetches nothing that a document names"
            place = self._reader.source.within((*pointer, "$ref"))
            self._reader.report.add(OPENAPI_REF, message, place, hint=hint)
            return
        found = self._reader.pointer(ref) if type(ref) is str else None
        target = self._reader.get(found) if found is not None else None
        if found is None or type(target) not in (dict, bool):
            message = f"the reference {quote(ref)} leads to no schema: nothing matches it"
            place = self._reader.source.within((*pointer, "$ref"))
            self._reader.report.add(SCHEMA_REF, message, place, hint="check the name")
            never(schema)
            return
        if type(target) is dict:
            self._targets[found] = target
            self._push(target, found)

    def _mend(self, schema: dict[str, Any], key: str, pointer: Pointer) -> None:
        value = schema[key]
        number = _number(value) if key in _NUMERIC else None
        if number is not None and LEAVES[key][0](number):
            schema[key] = number
            self._warn(f"`{key}` is the text {quote(value)}: it is read as a number", pointer, key)
            return
        form = LEAVES[key][1] if key in LEAVES else _FORMS[_INNER[key]]
        hint = did_you_mean(value, list(TYPES)) if key == "type" and type(value) is str else ""
        if key in _DROPPED or (key == "required" and type(value) is bool):
            del schema[key]
            effect = "it is ignored"
        else:
            never(schema)
            effect = "nothing matches the schema"
        self._warn(f"`{key}` is {quote(value)}, not {form}: {effect}", pointer, key, hint=hint)

    def _warn(self, message: str, pointer: Pointer, *inner: str, hint: str = "") -> None:
        place = self._reader.source.within((*pointer, *inner))
        self._reader.report.add(SCHEMA_KEYWORD, message, place, hint=hint)


_FORMS = {1: "a schema", 2: "a list of schemas", 3: "an object of schemas"}


def _number(value: Any) -> float | None:
    if type(value) is not str or len(value) > 40 or not value.isascii() or "_" in value:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if not abs(number) < _LARGEST:  # also NaN
        return None
    return int(number) if number.is_integer() else number
