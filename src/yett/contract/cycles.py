"""Break schemas that contain themselves at the same place of a value.

`A: {anyOf: [B, A]}` says no more than B, and `A: {allOf: [A]}` says nothing; a validator that
follows them never ends. Recursion through a property or a list item is fine and stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yett.contract.places import Pointer
from yett.contract.refs import Reader, never
from yett.contract.report import quote
from yett.contract.rules import SCHEMA_REF

_ONE = ("not", "if", "then", "else")
_LIST = ("allOf", "anyOf", "oneOf")

# The schema that holds a `$ref`, and the pointer it leads to.
Edge = tuple[dict[str, Any], Pointer]


def break_cycles(targets: dict[Pointer, Any], reader: Reader, *, siblings_count: bool) -> None:
    """Make the last reference of each in-place cycle match nothing.

    Args:
        targets: every schema that some `$ref` leads to.
        reader: resolves references and takes the remarks.
        siblings_count: whether keywords beside `$ref` mean something (OpenAPI 3.1 on).
    """
    done: set[Pointer] = set()
    for start, schema in targets.items():
        if start in done:
            continue
        path = [start]
        on_path = {start}
        stack = [_edges(schema, reader, siblings_count)]
        while stack:
            edge = next(stack[-1], None)
            if edge is None:
                stack.pop()
                done.add(path[-1])
                on_path.discard(path.pop())
                continue
            holder, target = edge
            if target in on_path:
                _break(holder, target, reader)
            elif target not in done and target in targets:
                path.append(target)
                on_path.add(target)
                stack.append(_edges(targets[target], reader, siblings_count))


def _break(holder: dict[str, Any], target: Pointer, reader: Reader) -> None:
    name = target[-1] if target else "#"
    message = f"the schema {quote(name)} contains itself: the inner one matches nothing"
    reader.report.add(SCHEMA_REF, message, reader.source.within(target))
    never(holder)


def _edges(schema: Any, reader: Reader, siblings_count: bool) -> Iterator[Edge]:
    """Yield the references that apply to the same value as `schema`."""
    found: list[Edge] = []
    stack = [schema]
    while stack:
        value = stack.pop()
        if not isinstance(value, dict):
            continue
        ref = value.get("$ref")
        if isinstance(ref, str):
            pointer = reader.pointer(ref)
            if pointer is not None:
                found.append((value, pointer))
            if not siblings_count:
                continue
        stack += [value[key] for key in _ONE if key in value]
        for key in _LIST:
            if isinstance(value.get(key), list):
                stack += value[key]
        if isinstance(value.get("dependentSchemas"), dict):
            stack += value["dependentSchemas"].values()
    return iter(found)
