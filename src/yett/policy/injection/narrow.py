"""Whether a JSON Schema `pattern` leaves no room for a payload: a conservative reading of its text.

Narrow means: anchored at both ends, no alternative outside brackets, and no way to match a quote,
angle bracket, brace, `=`, `;`, `$`, `%`, a backslash or a control character. Whatever this file
does not understand is not narrow, and the string is scanned. The pattern is never compiled or run.
"""

from __future__ import annotations

import re

# What SQL, markup, templates and operators need.
PAYLOAD = frozenset("'\"`<>=;{}$%\\") | {chr(c) for c in range(32)} | {"\x7f"}
_CLASSES = frozenset("dw")  # not `\s`: a line break is enough to add a header
_ATOM = re.compile(
    r"\[(?P<no>\^)?(?P<set>(?:\\.|[^\]\\])*)\]|\\(?P<escape>.)|\{\d*,?\d*\}|(?P<plain>.)", re.DOTALL
)
_MEMBER = re.compile(r"(?P<low>\\.|[^\\])-(?P<high>\\.|[^\\])|(?P<one>\\.|.)", re.DOTALL)


def is_narrow(pattern: str) -> bool:
    """Tell whether strings that match `pattern` cannot carry a payload."""
    if not pattern.startswith("^") or not pattern.endswith("$") or pattern.endswith("\\$"):
        return False
    depth = 0
    for atom in _ATOM.finditer(pattern[1:-1]):
        if atom["set"] is not None:
            if atom["no"] or not _set_is_narrow(atom["set"]):
                return False
        elif atom["escape"] is not None:
            if not _escape_is_narrow(atom["escape"]):
                return False
        elif plain := atom["plain"]:
            depth += (plain == "(") - (plain == ")")
            if plain in ".^" or (plain == "|" and depth == 0) or plain in PAYLOAD:
                # `(?:`, `(?=` and the like: only `?:` is common, and `=`, `<`, `!` are not read.
                return False
    return True


def _escape_is_narrow(letter: str) -> bool:
    if letter.isalnum():
        return letter in _CLASSES
    return letter not in PAYLOAD


def _set_is_narrow(members: str) -> bool:
    for member in _MEMBER.finditer(members):
        if member["low"] is not None:
            low, high = _literal(member["low"]), _literal(member["high"])
            if not low or not high or any(low <= c <= high for c in PAYLOAD):
                return False
        elif member["one"][0] == "\\" and len(member["one"]) > 1:
            if not _escape_is_narrow(member["one"][1]):
                return False
        elif member["one"] in PAYLOAD:
            return False
    return True


def _literal(text: str) -> str:
    if text[0] != "\\":
        return text
    return "" if text[1].isalnum() else text[1]
