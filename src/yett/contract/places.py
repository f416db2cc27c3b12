"""Where a value was written: file and line, found only when somebody asks.

Reading GitHub's 13 MB takes 60 ms, finding the line of each of its values far longer, and a
contract without mistakes needs none. So a `Source` keeps the JSON pointer and a locator, and the
text is scanned on the first question. It never reads files: `contract.load` lends it the text.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

Pointer = tuple[str, ...]

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*\Z", re.DOTALL)

# The line of a value and, for a container, its members: (12, {"get": (13, None)})
Tree = tuple[int, "dict[str, Any] | None"]


class Locator(Protocol):
    """Answers where in the user's files a value of a document is written."""

    def locate(self, pointer: Pointer) -> tuple[str, int]:
        """Return the file and the 1-based line of the nearest known ancestor, 0 when unknown."""
        ...


class Source:
    """A place in a file the user wrote; `line` is 1-based, 0 when unknown.

    Args:
        path: the file as the user named it.
        line: the line when it is known already.
        pointer: the JSON pointer's tokens, not escaped.
        locator: finds path and line from the pointer on the first question.
    """

    __slots__ = ("_line", "_located", "_locator", "_path", "pointer")

    def __init__(
        self,
        path: str = "",
        line: int = 0,
        *,
        pointer: Pointer = (),
        locator: Locator | None = None,
    ) -> None:
        self._path = path
        self._line = line
        self._locator = locator
        self._located = False
        self.pointer = pointer

    @property
    def path(self) -> str:
        """The file; an Overlay's own when the value came from there."""
        self._resolve()
        return self._path

    @property
    def line(self) -> int:
        """The 1-based line, 0 when unknown."""
        self._resolve()
        return self._line

    def at(self, *tokens: str | int) -> Source:
        """Return the place of a value further inside, such as `source.at("schema", "pattern")`."""
        inner = (*self.pointer, *map(str, tokens))
        return Source(self._path, self._line, pointer=inner, locator=self._locator)

    def within(self, pointer: Pointer) -> Source:
        """Return the place of `pointer` counted from the document's root."""
        return Source(self._path, self._line, pointer=pointer, locator=self._locator)

    def _resolve(self) -> None:
        # The locator stays: a place further inside, asked for later, has a line of its own.
        if self._locator is not None and not self._located:
            self._path, self._line = self._locator.locate(self.pointer)
            self._located = True

    def __repr__(self) -> str:
        return f"Source({self._path!r}, {self._line}, pointer={self.pointer!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Source):
            return NotImplemented
        return (self._path, self.pointer) == (other._path, other.pointer)

    def __hash__(self) -> int:
        return hash((self._path, self.pointer))


def nearest(tree: Tree, pointer: Pointer) -> int:
    """Return the line of the value, or of its nearest ancestor that has one."""
    line, members = tree
    for token in pointer:
        if members is None or token not in members:
            break
        line, members = members[token]
    return line


def is_pointer(text: str) -> bool:
    """Tell whether a text is a JSON pointer, RFC 6901 s3; the empty one means the whole."""
    return _POINTER.match(text) is not None


def read_pointer(text: str) -> Pointer:
    """Split `/a/b~1c` into its tokens (RFC 6901 s4)."""
    if not text:
        return ()
    return tuple(t.replace("~1", "/").replace("~0", "~") for t in text.split("/")[1:])


def write_pointer(pointer: Pointer) -> str:
    """Join tokens to `/a/b~1c` (RFC 6901 s3)."""
    return "".join("/" + t.replace("~", "~0").replace("/", "~1") for t in pointer)
