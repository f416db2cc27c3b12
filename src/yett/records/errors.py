"""The one exception of this room: the ledger cannot be read or written as it stands.

It carries what a human needs to act: the file, the line, what is wrong and what to do next.
"""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger's folder, a file of it, or its socket is not usable.

    Args:
        message: one line, lower-case, user input in backticks.
        path: the file or folder it is about.
        line: 1-based line, 0 when it is about the whole file.
        hint: what to do next.
    """

    def __init__(self, message: str, *, path: str = "", line: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " if self.path else ""
        return where + self.message


class NotWrittenError(LedgerError):
    """A batch could not be made durable; nothing of it is in the ledger, so it may be retried."""
