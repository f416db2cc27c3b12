"""The schemas that apply to one value: what stands in place beside a schema, and what follows.

In-place applicators (`allOf`, `anyOf`, `if`, `$ref` and their like) are followed, subschemas for
parts of a value are not. Schemas are 2020-12 with local `$ref`s and may be recursive; a reference
that leads nowhere describes nothing. JSON Schema 2020-12 core s10.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ALL = ("allOf",)
_SOME = ("anyOf", "oneOf")
_BRANCHES = ("if", "then", "else")

# Something that follows from one schema alone about every value that fits it.
Claim = Callable[[dict[str, Any]], bool]


class Applied:
    """Follows applicators in one document; `root` is what `#/...` references resolve against."""

    def __init__(self, root: Any) -> None:
        self._root = root

    def entails(self, schema: Any, claim: Claim, seen: tuple[int, ...] = ()) -> bool:
        """Whether `claim` holds for every value that fits `schema`; `seen` ends circles."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return schema is False
        seen = (*seen, id(schema))
        if claim(schema) or any(self.entails(s, claim, seen) for s in self._all_of(schema)):
            return True
        some = (schema[k] for k in _SOME if is_list(schema, k) and schema[k])
        if any(all(self.entails(s, claim, seen) for s in branch) for branch in some):
            return True
        return "if" in schema and all(
            k in schema and self.entails(schema[k], claim, seen) for k in _BRANCHES[1:]
        )

    def _all_of(self, schema: dict[str, Any]) -> list[Any]:
        found = [s for k in _ALL if is_list(schema, k) for s in schema[k]]
        return found + [self._target(schema[k]) for k in ("$ref", "$dynamicRef") if k in schema]

    def parts(self, schemas: tuple[Any, ...]) -> tuple[dict[str, Any], ...]:
        """List every schema that applies in place, each once."""
        found: dict[int, dict[str, Any]] = {}
        waiting = list(schemas)
        while waiting:
            schema = waiting.pop()
            if isinstance(schema, dict) and id(schema) not in found:
                found[id(schema)] = schema
                waiting += self._all_of(schema)
                waiting += [s for k in _SOME if is_list(schema, k) for s in schema[k]]
                waiting += [schema[k] for k in _BRANCHES if k in schema]
                waiting += members(schema, "dependentSchemas").values()
        return tuple(found.values())

    def _target(self, reference: Any) -> Any:
        """Follow `#/a/b`; anything else describes nothing, and so holds nothing."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return True
        value = self._root
        for token in filter(None, reference[1:].split("/")):
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return True
        return value


def members(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    """Return the named subschemas under a keyword, none when it has none."""
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def is_list(schema: dict[str, Any], keyword: str) -> bool:
    """Whether a keyword is there and has a list."""
    return isinstance(schema.get(keyword), list)
