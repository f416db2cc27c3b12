"""A file that is read again when it changes; what cannot be read leaves the last good value.

Polled, not watched: one `stat` a second costs nothing and survives renames, bind mounts and
container config maps, where inotify does not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from yett.state.errors import StateError

T = TypeVar("T")
Stamp = tuple[int, int, int]

_LOG = logging.getLogger("yett.state")


class WatchedFile(Generic[T]):
    """A file and what was last read from it.

    Args:
        path: the file.
        read: turns its bytes into a value, raising `StateError` when it cannot.
        absent: the value to start with where there is no such file; None when it must exist. A
            file that vanishes later changes nothing: a deployment that deletes before it writes
            must not let revoked credentials in for a moment.
    """

    def __init__(self, path: Path, read: Callable[[bytes], T], absent: T | None = None) -> None:
        self.path = path
        self._read = read
        self._stamp = self._stat()
        self.value = absent if absent is not None and self._stamp is None else self._load()

    def poll(self) -> bool:
        """Read the file again if it changed; True when the value is another."""
        stamp = self._stat()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self.value = self._load()
        except StateError as error:
            _LOG.error("%s; the last good version stays in force", error)
            return False
        _LOG.info("%s: read again", self.path)
        return True

    def _load(self) -> T:
        try:
            return self._read(self.path.read_bytes())
        except FileNotFoundError:
            raise StateError("no such file", path=str(self.path)) from None
        except OSError as error:
            raise StateError(f"cannot be read: {error.strerror}", path=str(self.path)) from error
        except StateError as error:
            raise StateError(error.message, path=str(self.path), hint=error.hint) from error

    def _stat(self) -> Stamp | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        # The inode tells an atomic replacement in the same tick of the clock.
        return found.st_mtime_ns, found.st_size, found.st_ino
