"""Where `x-yett` keys stand: found all over a document, refused where nothing reads them.

A key that is misspelt or stands where nothing reads it would leave a control off without a word,
so both are errors. What the values say is read by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yett.contract.cedar_names import class_flaw, type_flaw
from yett.contract.fitting import did_you_mean
from yett.contract.places import Pointer, Source
from yett.contract.report import Report, quote
from yett.contract.rules import EXTENSION_MISPLACED, EXTENSION_UNKNOWN, EXTENSION_VALUE

# Where each extension is read.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "x-yett": ("operation",),
    "x-yett-webhook": ("operation",),
    "x-yett-machine": ("operation", "schema of `components.schemas`"),
    "x-yett-text": ("schema",),
    "x-yett-class": ("schema",),
    "x-yett-ref": ("schema",),
}
# What a string may hold, for the search for injections; `off` is not searched.
TEXT_KINDS = ("plain", "html", "code", "off")
METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"))

_SCHEMA_WORDS = frozenset(("schema", "schemas", "itemSchema", "$defs", "definitions"))
_NOT_READ = frozenset(("example", "examples", "default", "const", "enum", "value"))
# Searches of 13 ms in all on GitHub's 13 MB spare a walk of 60 ms or more when there is nothing to
# find. Each starts with one letter: one that starts with a choice of letters takes 45 ms.
_MENTIONS = (re.compile(rb"-[yY][eE]{1,2}[tT]"), re.compile(rb"_[yY][eE]{1,2}[tT]"))
# `x_yett`, `X-yet`, `x-yeet-text`: nothing reads them, and `public` or `limit` would be lost.
_MISSPELT = re.compile(r"x[-_]ye{1,2}t{1,3}(?![a-z])", re.IGNORECASE)
# Letters that are escaped, and a key that goes on in YAML's next line.
_ESCAPED = re.compile(rb"\\(?:(?:u00|U000000|x)[2-7]|[\r\n])")


def mentions(data: bytes) -> bool:
    """Tell whether a text may hold a `x-yett` key, also when some letters are escaped."""
    return any(pattern.search(data) for pattern in (*_MENTIONS, _ESCAPED))


def check_names(document: Any, source: Source, report: Report) -> frozenset[str]:
    """Find every `x-yett*` key of a document and return them; refuse unknown and misplaced ones."""
    found: set[str] = set()
    for pointer, key, value in find_extensions(document):
        found.add(key)
        at = source.within((*pointer, key))
        if key not in EXTENSIONS:
            hint = did_you_mean(key.replace("_", "-"), list(EXTENSIONS))
            report.add(EXTENSION_UNKNOWN, f"{quote(key)} is not known", at, hint=hint)
        elif not _is_read(key, pointer):
            hint = "it is read on " + " and ".join(f"each {p}" for p in EXTENSIONS[key])
            report.add(EXTENSION_MISPLACED, f"`{key}` is not read here", at, hint=hint)
        else:
            _check_small(key, value, at, report)
    return frozenset(found)


def _check_small(key: str, value: Any, at: Source, report: Report) -> None:
    """Check what is one word; tables are read by `extension` and `machines`."""
    if key == "x-yett-text" and value not in TEXT_KINDS:
        message = f"`{key}`: {quote(value)} is no kind of text"
        report.add(EXTENSION_VALUE, message, at, hint=did_you_mean(str(value), list(TEXT_KINDS)))
    elif key in ("x-yett-class", "x-yett-ref"):
        flaw = "is not a name"
        if isinstance(value, str) and value:
            flaw = class_flaw(value) if key == "x-yett-class" else type_flaw(value)
        if flaw:
            report.add(EXTENSION_VALUE, f"`{key}`: {quote(value)} {flaw}", at)
    elif key == "x-yett-webhook" and not isinstance(value, dict):
        report.add(EXTENSION_VALUE, f"`{key}`: {quote(value)} is not a table", at)


def find_extensions(document: Any) -> Iterator[tuple[Pointer, str, Any]]:
    """Yield (pointer of the holder, key, value) of what is or resembles a `x-yett` key."""
    stack: list[tuple[Pointer, Any]] = [((), document)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, list):
            inside = ((i, v) for i, v in enumerate(value) if isinstance(v, (dict, list)))
            stack.extend(((*pointer, str(i)), v) for i, v in inside)
            continue
        if not isinstance(value, dict):
            continue
        named = bool(pointer) and pointer[-1] == "properties"
        for key, inner in value.items():
            if not named and (key[:6].lower() == "x-yett" or _MISSPELT.match(key)):
                yield pointer, key, inner
            elif isinstance(inner, (dict, list)) and (named or key not in _NOT_READ):
                stack.append(((*pointer, key), inner))


def _is_read(key: str, pointer: Pointer) -> bool:
    place = _place(pointer)
    if key == "x-yett-machine" and place == "schema":
        return len(pointer) == 3 and pointer[:2] == ("components", "schemas")
    return place in EXTENSIONS[key]


def _place(pointer: Pointer) -> str:
    """Say what the object at `pointer` is: `operation`, `schema` or something else."""
    if any(word in _SCHEMA_WORDS for word in pointer):
        return "schema"
    outer = pointer[:-1]
    if outer[-1:] == ("additionalOperations",):
        return "operation" if outer[:1] == ("paths",) else ""
    holders = (("paths",), ("webhooks",), ("components", "pathItems"))
    if pointer and pointer[-1] in METHODS and outer[:-1] in holders:
        return "operation"
    return ""
