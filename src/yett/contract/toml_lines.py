"""Lines of TOML keys: `tomllib` gives none, so the text is walked again when a finding needs one.

Only text that `tomllib` has read without a mistake comes here, hence the walk is lenient: it knows
tables, arrays of tables, dotted and quoted keys, inline tables, arrays and all four strings
(TOML 1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from yett.contract.places import nearest

if TYPE_CHECKING:
    from yett.contract.places import Pointer, Tree

# Possessive characters, no possessive groups: before Python 3.11.5 such a group may keep what a
# failed turn ate (gh-106052).
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*")
_BLANK_OR_COMMA = re.compile(r"(?:[ \t\r\n,]++|#[^\n]*+)*")
_KEY = re.compile(
    r"""[ \t]*(?:"(?P<basic>(?:[^"\\]|\\.)*)"|'(?P<literal>[^']*)'|(?P<bare>[\w-]+))[ \t]*""",
    re.ASCII,
)
_STRING = re.compile(
    r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*"{3,5}|'
    r"'''[^']*+(?:'(?!'')[^']*+)*'{3,5}|"
    r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"|'
    r"'[^'\n]*+'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]*+")


class _Tables(dict[str, Any]):
    """The members of an array of tables: a header below it means its last element."""


class TomlLines:
    """Locates keys of one TOML text; see `places.Locator`."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._tree: Tree | None = None

    def locate(self, pointer: Pointer) -> tuple[str, int]:
        """Return file and line of the key, or of the nearest table that holds it."""
        if self._tree is None:
            self._tree = _Walk(self._text).walk()
        return self._path, nearest(self._tree, pointer)


class _Walk:
    """One pass over the text; `_at` is the offset reached."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def walk(self) -> Tree:
        root: dict[str, Any] = {}
        table = root
        while self._blank():
            line = self._line()
            if self._text.startswith("[", self._at):
                table = self._header(root, line)
            else:
                self._assignment(table)
        return (1, root)

    def _blank(self) -> bool:
        self._skip(_BLANK)
        return self._at < len(self._text)

    def _header(self, root: dict[str, Any], line: int) -> dict[str, Any]:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        *outer, last = self._keys()
        self._at += brackets
        table = self._inner(root, outer, line)
        if brackets == 1:
            return self._inner(table, [last], line)
        tables = table.setdefault(last, (line, _Tables()))[1]
        fresh: dict[str, Any] = {}
        tables[str(len(tables))] = (line, fresh)
        return fresh

    def _inner(self, table: dict[str, Any], keys: list[str], line: int) -> dict[str, Any]:
        for key in keys:
            members = table.setdefault(key, (line, {}))[1]
            if isinstance(members, _Tables):
                members = members[str(len(members) - 1)][1]
            table = members if members is not None else {}
        return table

    def _assignment(self, table: dict[str, Any]) -> None:
        line = self._line()
        *outer, last = self._keys()
        self._at += 1  # the equals sign
        self._inner(table, outer, line)[last] = (line, self._value())

    def _keys(self) -> list[str]:
        keys = []
        while match := _KEY.match(self._text, self._at):
            self._at = match.end()
            keys.append(_unescape(match))
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return keys or [""]

    def _value(self) -> dict[str, Any] | None:
        self._skip(_BLANK)
        if self._text.startswith(("'", '"'), self._at):
            self._skip(_STRING)
        elif self._text.startswith(("[", "{"), self._at):
            return self._members(self._text[self._at])
        else:
            self._skip(_SCALAR)
        return None

    def _members(self, opening: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self._at += 1
        while True:
            self._skip(_BLANK_OR_COMMA)
            if self._at >= len(self._text) or self._text[self._at] in "]}":
                self._at += 1
                return members
            if opening == "{":
                self._assignment(members)
            else:
                line = self._line()
                members[str(len(members))] = (line, self._value())

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match is not None and match.end() > self._at else self._at

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1


def _unescape(match: re.Match[str]) -> str:
    if match["basic"] is not None:
        return str(tomllib.loads(f'k = "{match["basic"]}"')["k"])
    return str(match["literal"] if match["literal"] is not None else match["bare"])
