"""Where the store of accounts is, told by its URL alone: without the library that opens it."""

from __future__ import annotations

from pathlib import Path

SQLITE = "sqlite:///"


def sqlite_path(url: str, folder: Path) -> Path | None:
    """Return the file of an SQLite store; None for a server.

    Args:
        url: `store.accounts`.
        folder: where a relative path starts.
    """
    return folder / url.removeprefix(SQLITE) if url.startswith(SQLITE) else None
