"""Literals of Cedar's extension types, `like` patterns and texts, as z3 has them.

The readers are those of the compiled evaluator (`policy.cedar.extensions`): one grammar. A text
that Cedar refuses raises `Unsupported`; the validator has refused it before.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import z3
from cedarpy import pst

from yett.policy.cedar.extensions import (
    CedarError,
    parse_datetime,
    parse_decimal,
    parse_duration,
    parse_ip,
)
from yett.review.encode_terms import ADDRESS_BITS, TEXT, Address, Expr, Unsupported, text


def read_datetime(value: str) -> Expr:
    """Read a datetime's literal as ms since 1970."""
    return z3.IntVal(_read(parse_datetime, value).ms)


def read_duration(value: str) -> Expr:
    """Read a duration's literal as ms."""
    return z3.IntVal(_read(parse_duration, value).ms)


def read_decimal(value: str) -> Expr:
    """Read `12.5` as 125000."""
    return z3.IntVal(_read(parse_decimal, value).units)


def read_address(value: str) -> Address:
    """Read `10.0.0.0/8` or `::1`."""
    read = _read(parse_ip, value)
    bits = z3.BitVecVal(read.address, ADDRESS_BITS)
    return Address(z3.BoolVal(read.bits == 128), bits, z3.BitVecVal(read.prefix, ADDRESS_BITS))


def _read(parse: Callable[[str], Any], value: str) -> Any:
    try:
        return parse(value)
    except CedarError:
        raise Unsupported(f"the literal `{value}`") from None


def read_text(value: Any) -> str:
    """Return the Python string of a z3 string value, by code points: its text has escapes."""
    length = z3.Z3_get_string_length(value.ctx_ref(), value.as_ast())
    points = (ctypes.c_uint * length)()
    z3.Z3_get_string_contents(value.ctx_ref(), value.as_ast(), length, points)
    return "".join(map(chr, points))


def pattern(elements: tuple[pst.PatternElem, ...]) -> Expr:
    """Turn a `like` pattern into a regular expression: a wildcard is anything, also nothing."""
    parts: list[Any] = []
    run = ""
    for element in elements:
        if isinstance(element, pst.Char):
            run += element.value
            continue
        if run:
            parts.append(z3.Re(text(run)))
            run = ""
        parts.append(z3.Full(z3.ReSort(TEXT)))
    if run or not parts:
        parts.append(z3.Re(text(run)))
    return z3.Concat(*parts) if len(parts) > 1 else parts[0]
