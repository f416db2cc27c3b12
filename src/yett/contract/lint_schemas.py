"""Lint rules on the schemas of what may be sent; one finding per operation and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from yett.contract.lint_access import remark
from yett.contract.model import Api, Contract, Operation
from yett.contract.places import Pointer, read_pointer
from yett.contract.report import Remark, quote
from yett.contract.rules import Rule

MAX_NAMES = 3
_IN_PLACE = ("allOf", "anyOf", "oneOf", "if", "then", "else", "$ref")
_BOUNDED_TEXT = ("enum", "const", "pattern", "maxLength", "format")


def closed_branches(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`additionalProperties: false` in one branch refuses what its neighbours declare."""

    def is_closed(schema: dict[str, Any], walk: Walk) -> bool:
        branches = [walk.resolve(b) for b in schema.get("allOf", ())]
        names = [_names(branch) for branch in branches]
        outer = _names(schema)
        for index, branch in enumerate(branches):
            if branch.get("additionalProperties") is False and "patternProperties" not in branch:
                others = outer.union(*(n for i, n in enumerate(names) if i != index))
                if others - names[index]:
                    return True
        return False

    hint = "remove it: yett closes the whole object, beyond all branches"
    text = "a branch of `allOf` forbids fields that another one declares, so nothing can match"
    yield from _per_operation(contract, rule, is_closed, text, hint)


def open_objects(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """An object without properties takes any field, and unknown fields cannot be refused."""

    def is_open(schema: dict[str, Any], walk: Walk) -> bool:
        del walk
        extra = schema.get("additionalProperties", True)
        return (
            schema.get("type") == "object"
            and not any(key in schema for key in ("properties", "patternProperties", *_IN_PLACE))
            and (extra is True or extra == {})
        )

    text = "objects take any field"
    yield from _per_operation(contract, rule, is_open, text, "declare their `properties`")


def unbounded_texts(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Free text of any length; the body's own bound is all that holds it."""

    def is_unbounded(schema: dict[str, Any], walk: Walk) -> bool:
        del walk
        return _has_type(schema, "string") and not any(key in schema for key in _BOUNDED_TEXT)

    text = "texts have no `maxLength`"
    hint = "add `maxLength`, or an `enum`, `format` or `pattern`"
    yield from _per_operation(contract, rule, is_unbounded, text, hint)


def unbounded_lists(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Lists of any length: one request may ask for a million pieces of work (API4:2023)."""

    def is_unbounded(schema: dict[str, Any], walk: Walk) -> bool:
        del walk
        return _has_type(schema, "array") and "maxItems" not in schema

    text = "lists have no `maxItems`"
    yield from _per_operation(contract, rule, is_unbounded, text, "add `maxItems`")


class Walk:
    """Goes through the schemas of one operation's input, each once."""

    def __init__(self, api: Api) -> None:
        self._document = api.document
        self._siblings_count = api.version != "3.0"
        self._found: dict[str, Any] = {}

    def resolve(self, schema: Any) -> dict[str, Any]:
        """Follow references; what is no object has no keywords."""
        for _ in range(20):
            if not isinstance(schema, dict):
                return {}
            ref = schema.get("$ref")
            if not isinstance(ref, str) or (self._siblings_count and len(schema) > 1):
                return schema
            schema = self.target(ref)
        return {}

    def target(self, ref: str) -> Any:
        """Return what a local reference leads to; loading has checked that it does."""
        if ref not in self._found:
            value = self._document
            for token in read_pointer(unquote(ref[1:])):
                value = value[int(token)] if isinstance(value, list) else value[token]
            self._found[ref] = value
        return self._found[ref]

    def schemas(self, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (place, schema) of everything an operation's input may hold."""
        stack: list[tuple[Pointer, Any]] = [
            ((parameter.name,), parameter.schema) for parameter in operation.parameters
        ]
        content = operation.body.content if operation.body is not None else ()
        stack += ((("body",), media_type.schema) for media_type in content)
        seen: set[int] = set()
        while stack:
            place, schema = stack.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield ".".join(place), schema
            stack += self._inner(place, schema)

    def _inner(self, place: Pointer, schema: dict[str, Any]) -> Iterator[tuple[Pointer, Any]]:
        if isinstance(schema.get("$ref"), str):
            yield place, self.target(schema["$ref"])
            if not self._siblings_count:
                return
        for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
            for inner in schema.get(key, ()):
                yield place, inner
        for key in ("properties", "patternProperties"):
            for name, inner in schema.get(key, {}).items():
                if not (isinstance(inner, dict) and inner.get("readOnly") is True):
                    yield (*place, name), inner
        for key in ("items", "additionalProperties", "if", "then", "else"):
            if key in schema:
                yield place, schema[key]


def _per_operation(
    contract: Contract,
    rule: Rule,
    is_found: Callable[[dict[str, Any], Walk], bool],
    text: str,
    hint: str,
) -> Iterator[Remark]:
    """One remark for each operation, however many schemas are found in it."""
    for api in contract.apis:
        walk = Walk(api)
        for operation in api.operations:
            places = [p for p, schema in walk.schemas(operation) if is_found(schema, walk)]
            if places:
                names = ", ".join(quote(name) for name in sorted(set(places))[:MAX_NAMES])
                more = f" and {len(places) - MAX_NAMES} more" if len(places) > MAX_NAMES else ""
                message = f"in `{operation.id}`, {text}: {names}{more}"
                yield remark(rule, operation, message, hint)


def _names(schema: dict[str, Any]) -> set[str]:
    properties = schema.get("properties")
    return set(properties) if isinstance(properties, dict) else set()


def _has_type(schema: dict[str, Any], name: str) -> bool:
    declared = schema.get("type")
    return declared == name or (isinstance(declared, list) and name in declared)
