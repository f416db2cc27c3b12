"""JSON text with one reading: what two parsers could read differently is refused (RFC 8259).

orjson is strict but lets the last of two equal keys win, and turns an integer beyond 64 bits into a
float. Both show when the value is written again: if that gives the same bytes, neither happened.
Otherwise `json` reads the text a second time and sees each pair.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import orjson

from yett.contract.report import refuse
from yett.contract.rules import DOCUMENT_BOUNDS, DOCUMENT_DUPLICATE_KEY, DOCUMENT_SYNTAX

MAX_DEPTH = 250  # orjson writes 254 levels; GitHub's own description has 22

# Possessive although grouped: a failed turn eats nothing here before the end (gh-106052).
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]')
_HINT = "a JSON Schema or OpenAPI editor shows the place"


class _DuplicateKeyError(ValueError):
    pass


def read_json(data: bytes, path: str) -> Any:
    """Parse UTF-8 JSON text.

    Raises:
        ContractError: not JSON, a key twice, NaN or infinity, nested deeper than `MAX_DEPTH`.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:  # orjson stops at 1024 levels
            _refuse_depth(path)
        refuse(DOCUMENT_SYNTAX, f"not JSON: {error.msg.lower()}", path, error.lineno, hint=_HINT)
    if _same_when_written_again(value, data):
        return value
    return _read_pairs(data, path)


def _same_when_written_again(value: Any, data: bytes) -> bool:
    text = data.strip()
    try:
        return orjson.dumps(value) == text or (
            orjson.dumps(value, option=orjson.OPT_INDENT_2) == text
        )
    except orjson.JSONEncodeError:  # too deep: said by `_read_pairs`
        return False


def _read_pairs(data: bytes, path: str) -> Any:
    try:
        value = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except _DuplicateKeyError:
        _refuse_duplicate(data, path)
    except RecursionError:
        _refuse_depth(path)
    except ValueError as error:
        refuse(DOCUMENT_SYNTAX, f"not JSON: {error}".lower(), path, hint=_HINT)
    _check_values(value, path)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _DuplicateKeyError
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is not a number")


def _check_values(value: Any, path: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                below.extend(item.values())
            elif type(item) is list:
                below.extend(item)
            elif type(item) is float and not math.isfinite(item):
                refuse(DOCUMENT_SYNTAX, "not JSON: a number is too big", path)
        if not below:
            return
        level = below
    _refuse_depth(path)


def _refuse_depth(path: str) -> NoReturn:
    refuse(DOCUMENT_BOUNDS, f"values are nested deeper than {MAX_DEPTH} levels", path)


def _refuse_duplicate(data: bytes, path: str) -> NoReturn:
    """Find where the key comes the second time; the text is known to be JSON."""
    keys: list[set[str] | None] = []
    text: bytes = b""
    start = 0
    for match in _TOKEN.finditer(data):
        token = match[0]
        if token == b"{":
            keys.append(set())
        elif token == b"[":
            keys.append(None)
        elif token in b"}]":
            keys.pop()
        elif token == b":":
            seen = keys[-1]
            name = orjson.loads(text)
            if seen is not None and name in seen:
                line = data.count(b"\n", 0, start) + 1
                refuse(DOCUMENT_DUPLICATE_KEY, f"the key `{name}` comes twice", path, line)
            if seen is not None:
                seen.add(name)
        text, start = token, match.start()
    refuse(DOCUMENT_DUPLICATE_KEY, "a key comes twice", path)
