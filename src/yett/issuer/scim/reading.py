"""Reads what a directory sends: bodies and queries, bounded, with one reading each.

Text with control characters is refused: it would be written to terminals, logs and columns that
cannot hold it (CWE-117, CWE-158).
"""

from __future__ import annotations

import unicodedata
from typing import Any

from scim2_models import Resource, ResponseParameters, SearchRequest

from yett.credentials.strict_json import read_object
from yett.issuer.http import Ask
from yett.issuer.scim.errors import MEDIA_TYPE, ScimError

MAX_TEXT_CHARACTERS = 1024
MAX_VALUES = 50  # of one multi-valued attribute; members have a bound of their own
MAX_PARAMETER_CHARACTERS = 2048
MAX_OPERATIONS = 100
MAX_SHOWN = 64  # attributes that are to be answered, or left out
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
QUERIES = ("filter", "sortBy", "sortOrder", "startIndex", "count")
SHOWING = ("attributes", "excludedAttributes")
_LINES = dict.fromkeys(map(ord, "\t\r\n"), " ")
_MEDIA_TYPES = (MEDIA_TYPE, "application/json")


def read_body(ask: Ask) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ScimError: it is none, or says things that nothing here can hold.
    """
    kind = ask.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _MEDIA_TYPES:
        raise ScimError(415, f"the body is not `{MEDIA_TYPE}`")
    found = read_object(ask.body)
    if isinstance(found, str):
        raise ScimError(400, f"the body {found}", "invalidSyntax")
    _check(found)
    return found


def read_operations(ask: Ask) -> list[dict[str, Any]]:
    """Read the operations of a PATCH, each with its name in small letters (RFC 7644 s3.5.2).

    Raises:
        ScimError: there are none, too many, or they are no operations.
    """
    body = {name.lower(): value for name, value in read_body(ask).items()}
    if PATCH_OP not in (body.get("schemas") or ()):
        raise ScimError(400, f"`schemas` is not `{PATCH_OP}`", "invalidSyntax")
    found = body.get("operations")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ScimError(400, "`Operations` is not a list of operations", "invalidSyntax")
    if not 0 < len(found) <= MAX_OPERATIONS:
        raise ScimError(400, f"a PATCH has 1 to {MAX_OPERATIONS} operations", "invalidValue")
    for one in found:
        if not isinstance(one.get("op"), str) or not isinstance(one.get("path", ""), str | None):
            raise ScimError(400, "an operation has an `op` and a `path`", "invalidSyntax")
        if len(one.get("path") or "") > MAX_PARAMETER_CHARACTERS:
            raise ScimError(400, "a `path` is too long", "invalidPath")
    return [{**one, "op": one["op"].lower()} for one in found]


def read_search(ask: Ask, model: type[Resource[Any]]) -> SearchRequest[Any]:
    """Read what is looked for, from a query or the body of `/.search` (RFC 7644 s3.4.2 and s3.4.3).

    Raises:
        ScimError: a part of it is too long.
        ValidationError: a part of it cannot be read.
    """
    said: dict[str, Any] = read_body(ask) if ask.method == "POST" else dict(ask.query)
    asked = {name: said[name] for name in (*QUERIES, *SHOWING) if name in said}
    _bounded(asked, "invalidFilter")
    request: Any = SearchRequest.__class_getitem__(model)
    found: SearchRequest[Any] = request.model_validate(asked)
    return found


def read_showing(ask: Ask, model: type[Resource[Any]]) -> ResponseParameters[Any]:
    """Read which attributes are to be answered (RFC 7644 s3.9).

    Raises:
        ScimError: it is too long.
        ValidationError: it cannot be read.
    """
    asked = {name: ask.query[name] for name in SHOWING if name in ask.query}
    _bounded(asked, "invalidValue")
    showing: Any = ResponseParameters.__class_getitem__(model)
    found: ResponseParameters[Any] = showing.model_validate(asked)
    return found


def _bounded(asked: dict[str, Any], kind: str) -> None:
    for name, value in asked.items():
        if len(str(value)) > MAX_PARAMETER_CHARACTERS:
            raise ScimError(400, f"`{name}` is too long", kind)
        names = value if isinstance(value, list) else str(value).split(",")
        if name in SHOWING and len(names) > MAX_SHOWN:
            raise ScimError(400, f"`{name}` names {MAX_SHOWN} attributes at most", kind)
        if isinstance(value, str) and not is_plain(value):
            raise ScimError(400, f"`{name}` has control characters", kind)


def _check(value: Any, name: str = "") -> None:
    if isinstance(value, str):
        if len(value) > MAX_TEXT_CHARACTERS or not is_plain(value):
            raise ScimError(400, "text is too long, or has control characters", "invalidValue")
    elif isinstance(value, list):
        if len(value) > MAX_VALUES and name not in ("members", "value", "operations"):
            raise ScimError(400, f"an attribute has {MAX_VALUES} values at most", "invalidValue")
        for one in value:
            _check(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            _check(key)
            _check(one, key.lower())


def is_plain(text: str) -> bool:
    """Whether text has no control characters but those that end lines."""
    shown = text.translate(_LINES)  # an address has several lines
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
