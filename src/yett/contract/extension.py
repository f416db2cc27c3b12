"""The `x-yett` extensions: what an operation or a schema may say to yett, and nothing else.

A key that is misspelt or stands where nothing reads it would leave a control off without a word,
so both are errors. The shapes are literal Structs; docs/reference/extensions.md has a heading for
each key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from yett.contract.config import RULES, Bytes, Seconds
from yett.contract.fitting import did_you_mean, misfits
from yett.contract.model import Settings
from yett.contract.places import Pointer, Source
from yett.contract.rates import RateError, read_rate
from yett.contract.report import Report, quote
from yett.contract.rules import EXTENSION_MISPLACED, EXTENSION_UNKNOWN, EXTENSION_VALUE
from yett.terms import Mode

# Where each extension is read: on an operation, on a schema, or on both.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "x-yett": ("operation",),
    "x-yett-webhook": ("operation",),
    "x-yett-machine": ("operation", "schema"),
    "x-yett-text": ("schema",),
    "x-yett-class": ("schema",),
    "x-yett-ref": ("schema",),
}
# What a string may hold, for the search for injections; `off` is not searched.
TEXT_KINDS = ("plain", "html", "code", "off")
METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"))
# Keys of a `x-yett` that later rooms read; kept as written.
LATER = ("resource", "machine", "sunset", "webhook")

_SCHEMA_WORDS = frozenset(("schema", "schemas", "itemSchema", "$defs", "definitions"))
_NOT_READ = frozenset(("example", "examples", "default", "const", "enum", "value"))
_TEXT_PLACE = re.compile(r"(?:/.*|(?:path|query|header|cookie)/.+)\Z", re.DOTALL)
# Searches of 13 ms in all on GitHub's 13 MB spare a walk of 60 ms or more when there is nothing to
# find. Each starts with one letter: one that starts with a choice of letters takes 45 ms.
_MENTIONS = (re.compile(rb"-[yY][eE]{1,2}[tT]"), re.compile(rb"_[yY][eE]{1,2}[tT]"))
# `x_yett`, `X-yet`, `x-yeet-text`: nothing reads them, and `public` or `limit` would be lost.
_MISSPELT = re.compile(r"x[-_]ye{1,2}t{1,3}(?![a-z])", re.IGNORECASE)
# Letters that are escaped, and a key that goes on in YAML's next line.
_ESCAPED = re.compile(rb"\\(?:(?:u00|U000000|x)[2-7]|[\r\n])")

Names = dict[str, Any]


class Sensitive(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Step-up (RFC 9470) and approvals that an operation asks for."""

    acr: str = ""
    max_age: Annotated[int, Meta(ge=0, le=86400)] | None = None
    approvals: Annotated[int, Meta(ge=0, le=10)] = 0


class Sunset(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Dates of an operation's end (RFC 9745, RFC 8594), and what comes after it."""

    deprecated: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    sunset: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    successor: str = ""


class Resource(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The record that an operation is about, for the rules on records."""

    type: str
    id: str = ""
    attrs: dict[str, str] = {}
    read: str = ""


class Extension(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `x-yett` may hold; the meaning of each key is in `model.Settings`."""

    public: bool = False
    limit: str | tuple[str, ...] = ()
    cost: Annotated[float, Meta(gt=0, le=1_000_000)] = 1.0
    concurrency: Annotated[int, Meta(ge=1, le=100_000)] = 1
    max_body: Bytes = 1
    timeout: Seconds = 1.0
    stream: Literal["request", "response", "both"] = "both"
    websocket: bool = False
    idempotent: bool = False
    cache: bool = False
    text: dict[str, Mode] = {}
    modes: dict[str, Mode] = {}
    sensitive: bool | Sensitive = False
    resource: Resource | None = None
    machine: Names | None = None
    sunset: Sunset | None = None
    webhook: Names | None = None


def read_settings(operation: dict[str, Any], at: Source, report: Report) -> Settings:
    """Read the `x-yett` of an operation; with a mistake the report refuses the contract."""
    value = operation.get("x-yett", {})
    place = at.at("x-yett")
    found = misfits(value, Extension)
    for misfit in found:
        rule = EXTENSION_UNKNOWN if misfit.kind == "unknown" else EXTENSION_VALUE
        name = ".".join(misfit.pointer)
        message = misfit.message if misfit.kind != "value" else f"`{name}`: {misfit.message}"
        report.add(rule, f"in `x-yett`, {message}", place.at(*misfit.pointer), hint=misfit.hint)
    if found:
        return Settings()
    _check(value, place, report)
    return _settings(value, operation)


def _settings(value: dict[str, Any], operation: dict[str, Any]) -> Settings:
    extension = msgspec.convert(value, Extension)
    limit = (extension.limit,) if isinstance(extension.limit, str) else extension.limit
    plain = ("cost", "concurrency", "max_body", "timeout", "stream", "websocket", "idempotent")
    given = {key: getattr(extension, key) for key in plain if key in value}
    later = {key: value[key] for key in LATER if key in value}
    later |= {k[7:]: operation[k] for k in ("x-yett-machine", "x-yett-webhook") if k in operation}
    return Settings(
        public=value.get("public"),
        limit=limit if "limit" in value else None,
        cache=extension.cache,
        text=extension.text,
        modes=extension.modes,
        sensitive=value.get("sensitive") or None,
        extra=later,
        **given,
    )


def _check(value: dict[str, Any], at: Source, report: Report) -> None:
    for name in value.get("modes", ()):
        if name not in RULES:
            hint = did_you_mean(name, list(RULES))
            place = at.at("modes", name)
            report.add(EXTENSION_UNKNOWN, f"{quote(name)} is not a rule", place, hint=hint)
    for name in value.get("text", ()):
        if not _TEXT_PLACE.match(name):
            hint = "write `/json/pointer` of a body field or `query/name`"
            message = f"{quote(name)} names no field"
            report.add(EXTENSION_VALUE, message, at.at("text", name), hint=hint)
    limits = value.get("limit", ())
    for index, text in enumerate((limits,) if isinstance(limits, str) else limits):
        try:
            read_rate(text)
        except RateError as error:
            place = at.at("limit") if isinstance(limits, str) else at.at("limit", index)
            report.add(EXTENSION_VALUE, str(error), place, hint=error.hint)
    if value.get("public") and value.get("sensitive"):
        message = "an operation cannot be both `public` and `sensitive`"
        report.add(EXTENSION_VALUE, message, at, hint="nobody is there to step up")


def mentions(data: bytes) -> bool:
    """Tell whether a text may hold a `x-yett` key, also when some letters are escaped."""
    return any(pattern.search(data) for pattern in (*_MENTIONS, _ESCAPED))


def check_names(document: Any, source: Source, report: Report) -> None:
    """Find every `x-yett*` key of a document; refuse unknown and misplaced ones."""
    for pointer, key, value in _extensions(document):
        at = source.within((*pointer, key))
        if key not in EXTENSIONS:
            hint = did_you_mean(key.replace("_", "-"), list(EXTENSIONS))
            report.add(EXTENSION_UNKNOWN, f"{quote(key)} is not known", at, hint=hint)
        elif _place(pointer) not in EXTENSIONS[key]:
            hint = "it is read on " + " and ".join(f"each {p}" for p in EXTENSIONS[key])
            report.add(EXTENSION_MISPLACED, f"`{key}` is not read here", at, hint=hint)
        else:
            _check_small(key, value, at, report)


def _check_small(key: str, value: Any, at: Source, report: Report) -> None:
    if key == "x-yett-text" and value not in TEXT_KINDS:
        message = f"`{key}`: {quote(value)} is no kind of text"
        report.add(EXTENSION_VALUE, message, at, hint=did_you_mean(str(value), list(TEXT_KINDS)))
    elif key in ("x-yett-class", "x-yett-ref") and not (isinstance(value, str) and value):
        report.add(EXTENSION_VALUE, f"`{key}`: {quote(value)} is not a name", at)
    elif key in ("x-yett-machine", "x-yett-webhook") and not isinstance(value, dict):
        report.add(EXTENSION_VALUE, f"`{key}`: {quote(value)} is not a table", at)


def _extensions(document: Any) -> Iterator[tuple[Pointer, str, Any]]:
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
