"""Media types of request bodies: which declared entry a `content-type` names, or none.

Undeclared, missing, malformed or repeated types and any charset but UTF-8 are refused, because a
body read as one type here and as another by the service was never checked (the silent pass of other
gateways, notes/graphql_openapi B6). RFC 9110 s8.3, RFC 6838 s4.2.
"""

from __future__ import annotations

import re

from msgspec import Struct

MAX_CONTENT_TYPE_BYTES = 512
JSON_PATCH = "application/json-patch+json"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 — a grammar, not a password
_TYPE = re.compile(rf"({_TOKEN}/{_TOKEN})[ \t]*((?:;.*)?)", re.DOTALL)
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_TOKEN})=({_TOKEN}|"[\t !#-\[\]-~]*"))?', re.ASCII)
UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


class ContentType(Struct, frozen=True):
    """A parsed `content-type`: lower-case `type/subtype` and parameters, names lower-case."""

    name: str
    parameters: dict[str, str]


def parse_content_type(raw: bytes) -> ContentType | None:
    """Parse the field; None when it has no single reading."""
    if len(raw) > MAX_CONTENT_TYPE_BYTES or not raw.isascii():
        return None
    found = _TYPE.fullmatch(raw.decode("ascii").strip(" \t"))
    if found is None:
        return None
    rest, position, parameters = found[2], 0, {}
    while position < len(rest):
        one = _PARAMETER.match(rest, position)
        if one is None or one.end() == position:
            return None
        position = one.end()
        if one[1] is not None:
            name = one[1].lower()
            # `boundary*0=b` beside `boundary=a` is b to Python's email package, and so to FastAPI
            # with python-multipart before 0.0.21 or so: RFC 2231 is a second reading.
            if name in parameters or "*" in name:
                return None
            parameters[name] = one[2].strip('"')
    return ContentType(found[1].lower(), parameters)


def is_utf8(content_type: ContentType) -> bool:
    """Whether the text is UTF-8, as it is when nothing is said."""
    return content_type.parameters.get("charset", "utf-8").lower() in UTF8


def choose(name: str, declared: tuple[str, ...]) -> str | None:
    """Return the declared entry for a type: itself, else `type/*`, else `*/*`.

    A declared entry may be written with parameters or the suffix range `application/*+json`.
    """
    if name in declared:
        return name
    main, _, subtype = name.partition("/")
    _, plus, suffix = subtype.rpartition("+")
    for wanted in ((f"{main}/*+{suffix}",) if plus else ()) + (f"{main}/*", "*/*"):
        if wanted in declared:
            return wanted
    return None
