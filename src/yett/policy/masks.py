"""Covers the secrets in a request's body for people who read it: `writeOnly`, `format: password`.

Value and schema are walked together, so a schema that refers to itself ends with the value. Where
alternatives disagree a value is covered: whoever approves can do without it, whoever reads a
password cannot forget it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yett.contract.model import MediaType
from yett.policy.approvable import Mask
from yett.policy.pointers import Document, RefError

COVER = "***"
MAX_WALK = 100_000  # places looked at for one body; beyond, all of it is covered
_JOINED = ("allOf", "anyOf", "oneOf")
_SINGLE = ("then", "else")


class TooMuchError(Exception):
    """The walk has looked at too many places."""


def make_mask(content: tuple[MediaType, ...], document: Any) -> Mask | None:
    """Return what covers the secrets of an operation's bodies.

    Args:
        content: the declared media types with their schemas.
        document: what their local references resolve in.

    Returns:
        None when no schema declares a secret.
    """
    schemas = {media.name: media.schema for media in content}
    if not any(Walk(document).declares(schema) for schema in schemas.values()):
        return None

    def mask(name: str, value: Any) -> Any:
        # A range such as `*/*` may have taken the type: then every schema counts.
        known = [schemas[name]] if name in schemas else list(schemas.values())
        try:
            return Walk(document).cover(value, known)
        except TooMuchError:
            return COVER

    return mask


class Walk:
    """One walk over schemas of one document."""

    def __init__(self, document: Any) -> None:
        self._document = Document(document)
        self._left = MAX_WALK

    def declares(self, schema: Any) -> bool:
        """Whether any place below a schema is secret."""
        seen: set[int] = set()
        open_ = [schema]
        while open_:
            for one in self._meant([open_.pop()]):
                if id(one) in seen:
                    continue
                seen.add(id(one))
                if _says_secret(one):
                    return True
                open_ += [inner for _, inner in _below(one)]
        return False

    def cover(self, value: Any, schemas: list[Any]) -> Any:
        """Return the value with every secret in it replaced."""
        meant = list(self._meant(schemas))
        if any(_says_secret(one) for one in meant):
            return COVER
        if isinstance(value, dict):
            return {name: self.cover(item, _members(meant, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.cover(item, _items(meant, at)) for at, item in enumerate(value)]
        return value

    def _meant(self, schemas: list[Any]) -> Iterator[dict[str, Any]]:
        """Yield every object that says something of the same value: references, alternatives."""
        seen: set[int] = set()
        open_ = list(schemas)
        while open_:
            one = open_.pop()
            if not isinstance(one, dict) or id(one) in seen:
                continue
            self._left -= 1
            if self._left < 0:
                raise TooMuchError
            seen.add(id(one))
            yield one
            open_ += [self._target(one.get(key)) for key in ("$ref", "$dynamicRef")]
            for key in _JOINED:
                found = one.get(key)
                open_ += found if isinstance(found, list) else ()
            open_ += [one.get(key) for key in _SINGLE]

    def _target(self, ref: Any) -> Any:
        if not isinstance(ref, str):
            return None
        try:
            return self._document.resolve(ref)
        except RefError:
            return None  # the shapes of the operation have refused such a contract


def _says_secret(schema: dict[str, Any]) -> bool:
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def _members(schemas: list[dict[str, Any]], name: str) -> list[Any]:
    """Return what schemas say of one member of an object."""
    return [inner for one in schemas for key, inner in _below(one) if key in (name, None)]


def _items(schemas: list[dict[str, Any]], at: int) -> list[Any]:
    """Return what schemas say of one item of an array."""
    found: list[Any] = []
    for one in schemas:
        first = one.get("prefixItems")
        if isinstance(first, list) and at < len(first):
            found.append(first[at])
        found += [one.get(key) for key in ("items", "contains", "unevaluatedItems")]
    return found


def _below(schema: dict[str, Any]) -> Iterator[tuple[str | None, Any]]:
    """Yield the schemas of members with their name, None for those of any name, and of items."""
    properties = schema.get("properties")
    yield from (properties if isinstance(properties, dict) else {}).items()
    for key in ("additionalProperties", "unevaluatedProperties", "items", "contains"):
        yield None, schema.get(key)
    yield None, schema.get("unevaluatedItems")
    for key in ("patternProperties", "dependentSchemas"):
        found = schema.get(key)
        yield from ((None, inner) for inner in (found if isinstance(found, dict) else {}).values())
    first = schema.get("prefixItems")
    yield from ((None, inner) for inner in (first if isinstance(first, list) else []))
