"""Percent-encoding of queries and forms: decoded once, strictly, and written in one way.

A malformed escape, an escape that is not UTF-8 and a NUL (which ends a string in C) have two
readings and are refused. RFC 3986 s2.1, WHATWG URL s5 (`application/x-www-form-urlencoded`).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

MAX_PAIRS = 1_000
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Unreserved and what no parser splits or decodes; `;` is a separator to some (CVE-2021-23336).
_SAFE = r"A-Za-z0-9\-._~,:@/!$()*"
_PAIR = rf"[A-Za-z0-9_.~\-]++=[{_SAFE}]*+"
_PLUS_PAIR = rf"[A-Za-z0-9_.~\-]++=[{_SAFE}+]*+"
_PLAIN = re.compile(rf"[{_SAFE}]*+")
# The text of one byte; `urllib.parse.quote` makes such a table too, at three times the cost.
_WRITTEN = tuple(
    chr(byte) if _PLAIN.fullmatch(chr(byte)) and byte < 128 else f"%{byte:02X}"
    for byte in range(256)
)
# The group is not possessive: before Python 3.11.5 it may keep what a failed turn ate (gh-106052).
_CANONICAL = re.compile(rf"{_PAIR}(?:&{_PAIR})*")
_ONE = re.compile(_PAIR)
_PLUSSED = re.compile(rf"{_PLUS_PAIR}(?:&{_PLUS_PAIR})*")


class EncodingError(ValueError):
    """The text has no single reading."""


def decode(text: str, *, plus: bool) -> str:
    """Decode once.

    Raises:
        EncodingError: a malformed escape, not UTF-8, not ASCII outside escapes, or a NUL.
    """
    if plus:
        text = text.replace("+", " ")
    if "%" not in text and text.isascii() and "\0" not in text:
        return text
    if not text.isascii() or _BAD_PERCENT.search(text):
        raise EncodingError
    try:
        text = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise EncodingError from None
    if "\0" in text:
        raise EncodingError
    return text


def encode(text: str) -> str:
    """Write text so that every parser reads it as `decode` does."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_WRITTEN.__getitem__, text.encode()))


def split_pairs(raw: str) -> tuple[list[tuple[str, str]], str]:
    """Split a query into decoded pairs and say it again in its canonical form.

    Raises:
        EncodingError: a name or value cannot be decoded, or there are over `MAX_PAIRS`.
    """
    if raw.count("&") >= MAX_PAIRS:
        raise EncodingError
    if _CANONICAL.fullmatch(raw):
        return [(n, value) for n, _, value in (p.partition("=") for p in raw.split("&"))], raw
    if _PLUSSED.fullmatch(raw):  # a form's spaces and nothing else to decode: half the time
        pairs = (p.partition("=") for p in raw.split("&"))
        return [(n, value.replace("+", " ")) for n, _, value in pairs], raw.replace("+", "%20")
    found: list[tuple[str, str]] = []
    written: list[str] = []
    for pair in raw.split("&"):
        if not pair:
            continue
        name, equals, value = pair.partition("=")
        if not (equals and _ONE.fullmatch(pair)):  # most pairs of a query are plain
            name, value = decode(name, plus=True), decode(value, plus=True)
            pair = f"{encode(name)}={encode(value)}"  # noqa: PLW2901 — the pair as it goes on
        found.append((name, value))
        written.append(pair)
    return found, "&".join(written)
