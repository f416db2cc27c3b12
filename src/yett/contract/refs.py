"""Follow local `$ref`s and check the types of what is found; every fault becomes a remark.

Nothing is ever fetched: a reference to another file or host is an error (SSRF, CWE-918). Pointers
are percent-decoded before they are split, `~1` and `~0` after (RFC 6901 s6; DigitalOcean's
description has `%7B` in its pointers).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from yett.contract.places import Pointer, Source, read_pointer
from yett.contract.report import Report, quote
from yett.contract.rules import OPENAPI_REF, OPENAPI_SHAPE, SCHEMA_KEYWORD

MAX_REF_CHAIN = 20

_FORMS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "`true` or `false`",
}


class Reader:
    """The document under reading, with its places and the report.

    Args:
        document: the parsed document after the Overlay.
        source: its root; `source.within(pointer)` is the place of a value.
        report: takes what is wrong.
        version: `3.0`, `3.1` or `3.2`.

    `schemas` collects the schemas that parameters and bodies use, for `schemas.mend_schemas`.
    """

    def __init__(self, document: Any, source: Source, report: Report, version: str) -> None:
        self.document = document
        self.source = source
        self.report = report
        self.version = version
        self.schemas: list[tuple[dict[str, Any], Pointer]] = []
        self._found: dict[str, Pointer | None] = {}

    def follow(self, value: Any, at: Source) -> tuple[Any, Source] | None:
        """Return the object that `value` is or refers to, and its place; None when none."""
        for _ in range(MAX_REF_CHAIN):
            if not self.expect(value, dict, at):
                return None
            ref = value.get("$ref")
            if ref is None:
                return value, at
            if not self.expect(ref, str, at.at("$ref")):
                return None
            pointer = self.pointer(ref)
            if pointer is None:
                self._refuse(ref, at)
                return None
            value, at = self.get(pointer), self.source.within(pointer)
        message = "the reference leads back to itself"
        self.report.add(OPENAPI_REF, message, at.at("$ref"), hint="write the object out once")
        return None

    def pointer(self, ref: str) -> Pointer | None:
        """Return the pointer that a local reference names, None when it leads nowhere."""
        if ref not in self._found:
            self._found[ref] = self._look(ref)
        return self._found[ref]

    def get(self, pointer: Pointer) -> Any:
        """Return the value at a pointer that `pointer` has found."""
        value = self.document
        for token in pointer:
            value = value[int(token)] if isinstance(value, list) else value[token]
        return value

    def _look(self, ref: str) -> Pointer | None:
        if not ref.startswith("#") or not (ref == "#" or ref.startswith("#/")):
            return None
        pointer = read_pointer(unquote(ref[1:]))
        value = self.document
        for token in pointer:
            if isinstance(value, dict) and token in value:
                value = value[token]
            elif isinstance(value, list) and _is_index(token) and int(token) < len(value):
                value = value[int(token)]
            else:
                return None
        return pointer

    def _refuse(self, ref: str, at: Source) -> None:
        message = f"the reference {quote(ref)} leads nowhere"
        hint = "check the name behind the last `/`"
        if is_remote(ref):
            message = f"the reference {quote(ref)} is not local"
            hint = "bundle the files into one: yett fetches nothing that a document names"
        self.report.add(OPENAPI_REF, message, at.at("$ref"), hint=hint)

    def expect(self, value: Any, shape: type, at: Source) -> bool:
        """Report a value that is not of the JSON type `shape`."""
        if isinstance(value, shape):
            return True
        name = f"`{at.pointer[-1][:60]}`" if at.pointer else "the document"
        self.report.add(OPENAPI_SHAPE, f"{name} is {quote(value)}, not {_FORMS[shape]}", at)
        return False

    def read(self, value: dict[str, Any], key: str, shape: type, at: Source, default: Any) -> Any:
        """Return `value[key]` when it has the JSON type `shape`, else `default` and a remark."""
        if key not in value:
            return default
        found = value[key]
        return found if self.expect(found, shape, at.at(key)) else default

    def schema(self, value: Any, at: Source) -> Any:
        """Return a schema and remember it; what is none is reported and matches nothing."""
        if isinstance(value, dict):
            self.schemas.append((value, at.pointer))
        elif not isinstance(value, bool):
            message = f"{quote(value)} is not a schema: nothing matches it"
            self.report.add(SCHEMA_KEYWORD, message, at)
            return never({})
        return value


def never(schema: dict[str, Any]) -> dict[str, Any]:
    """Turn a schema, in place, into one that matches nothing, in every OpenAPI version."""
    schema.clear()
    schema["not"] = {}
    return schema


def is_remote(ref: str) -> bool:
    """Tell a reference to another document from a local one."""
    return not ref.startswith("#")


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit() and len(token) < 10 and str(int(token)) == token
