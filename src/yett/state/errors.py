"""The one error of this room: state that is configured and cannot be had at load."""

from __future__ import annotations


class StateError(Exception):
    """A file or setting that state needs and cannot use.

    Args:
        message: one line, user input in backticks.
        path: the file, empty when it has none.
        line: 1-based, 0 when unknown.
        hint: what to do next.
    """

    def __init__(self, message: str, *, path: str = "", line: int = 0, hint: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path
        self.line = line
        self.hint = hint
