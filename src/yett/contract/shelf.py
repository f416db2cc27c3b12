"""Where parsed documents are kept between starts: the user's own cache folder, or nowhere.

Never inside the contract folder: a repository could bring a parsed form that differs from the file
which was reviewed, or a link in its place whose target is then cleared (CWE-345, CWE-59). A shelf
that others could have written, or that belongs to somebody else, is not used.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any

from yett.contract.kept import name_of, pack, unpack

MAX_KEPT_FILES = 16
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


class Shelf:
    """Parsed documents by the SHA-256 of their file.

    Args:
        folder: where they are kept; None to keep nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def find(self, digest: str) -> Any:
        """Return what was kept, None when nothing was or nobody can vouch for it."""
        if self.folder is None:
            return None
        try:
            if not _is_own(self.folder):
                return None
            handle = os.open(self.folder / name_of(digest), os.O_RDONLY | _OPEN)
            with os.fdopen(handle, "rb") as file:
                return unpack(file.read())
        except OSError:
            return None

    def keep(self, digest: str, value: Any) -> None:
        """Write for the next start; a folder that cannot be written is no mistake."""
        data = pack(value)
        if data is None or self.folder is None:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_own(self.folder):
                return
            draft = self.folder / f"{name_of(digest)}.{os.getpid()}"
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _OPEN, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            draft.replace(self.folder / name_of(digest))
            self._clear(self.folder)

    def _clear(self, folder: Path) -> None:
        kept = sorted(folder.glob("yaml-*"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in kept[MAX_KEPT_FILES:]:
            old.unlink(missing_ok=True)


def own_shelf() -> Shelf:
    """Return the shelf of the user who runs this; see the XDG Base Directory Specification."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(named) if named.startswith("/") else Path.home() / ".cache"
    except RuntimeError:
        return Shelf(None)  # a user without a home
    return Shelf(base / "yett")


def _is_own(folder: Path) -> bool:
    status = folder.lstat()
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )
