"""Cuts Cedar text into its policies and tokens, with the line of each.

No parser: it knows strings, comments and the semicolon that ends a policy, which is all it takes to
say where something is. `cedarpy` tells whether it is Cedar, but not where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n\r]*)"""
    r"""|(?P<string>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<open>".*)"""  # not closed: all that follows is inside it, semicolons too
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<number>[0-9]+)"""
    r"""|(?P<mark>::|==|!=|<=|>=|&&|\|\||.)""",
    re.DOTALL,
)


class Token(Struct, frozen=True):
    """A token: its text, where it begins, its line (from 1) and what it is."""

    text: str
    start: int
    line: int
    kind: str


class Piece(Struct, frozen=True):
    """A policy's own text from its first token to its semicolon; `line` is of the file."""

    text: str
    line: int
    tokens: tuple[Token, ...]


def cut(text: str) -> tuple[Piece, ...]:
    """Cut a file into its policies; what follows the last semicolon is a piece too."""
    pieces = []
    tokens: list[Token] = []
    for token in read_tokens(text):
        tokens.append(token)
        if token.text == ";":
            pieces.append(_piece(text, tokens))
            tokens = []
    if tokens:
        pieces.append(_piece(text, tokens))
    return tuple(pieces)


def read_tokens(text: str) -> Iterator[Token]:
    """Give the tokens; a string that is not closed is the last."""
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "skip":
            yield Token(found.group(), found.start(), line, found.lastgroup or "")
        line += found.group().count("\n")


def _piece(text: str, tokens: list[Token]) -> Piece:
    last = tokens[-1]
    return Piece(text[tokens[0].start : last.start + len(last.text)], tokens[0].line, tuple(tokens))
