"""JSON that has one reading: an object, or the reason why it is refused.

Two parsers that disagree about a token are two tokens, so everything they disagree about is
refused: duplicate members, `NaN`, numbers beyond 64 bits or beyond a double, a byte order mark,
bad UTF-8, lone surrogates and deep nesting. See RFC 8259 s4, s8, s9, RFC 7493 (I-JSON).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_JSON_DEPTH = 16
MAX_INTEGER_DIGITS = 19  # a signed 64-bit integer; int() of thousands of digits is quadratic

Object = dict[str, Any]

# A string, also one that never ends: whatever starts with a quote is consumed, once, so that
# `"\\"\\"\\"...` cannot make the search start over at each quote (CWE-1333).
# Possessive although grouped: a failed turn eats nothing here before the end (gh-106052).
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_LEVEL = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}


class _ReadingError(ValueError):
    """Carries a reason out of the parser's hooks."""


def read_object(raw: bytes) -> Object | str:
    """Parse one JSON object, or say why not; the reason never quotes the input."""
    if _depth(raw) > MAX_JSON_DEPTH:
        return "is nested too deeply"
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
        if b"\\u" in raw:
            # `\ud800` alone parses, and blows up later, when the string is written somewhere.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        return "is not UTF-8"
    except _ReadingError as refused:
        return str(refused)
    except (ValueError, RecursionError):
        return "is not JSON"
    return value if isinstance(value, dict) else "is not a JSON object"


def _depth(raw: bytes) -> int:
    """Return the deepest nesting, or a bound that is small enough; linear in the input."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_JSON_DEPTH:
        return 0
    depth = deepest = 0
    for byte in _STRING.sub(b"", raw):
        depth += _LEVEL.get(byte, 0)
        deepest = max(deepest, depth)
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _ReadingError("has duplicate members")
    return found


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise _ReadingError("has a number that is out of range")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _ReadingError("has a number that is out of range")
    return value


def _constant(_: str) -> NoReturn:
    raise _ReadingError("has a number that is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
