"""Writes a file whole: a reader finds the old one or the new one, also after the power was cut.

The bytes are on the disk before the name leads to them, and the name is before this returns: a seal
key that is lost with its folder's entry would open nothing that was sealed with it meanwhile.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE, PUBLIC = 0o600, 0o644


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Put bytes in the place of a file, or make it.

    Args:
        path: in a folder that is there.
        content: all of it.
        mode: of the new file, whatever the mask.

    Raises:
        OSError: the old file is as it was.
    """
    with _draft(path, content, mode) as draft:
        draft.replace(path)
        _sync(path.parent)


def make_file(path: Path, content: bytes, mode: int) -> bool:
    """Make a file, whole, unless there is one; answer whether it was made.

    Raises:
        OSError: it cannot be made.
    """
    with _draft(path, content, mode) as draft:
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        _sync(path.parent)
    return True


@contextmanager
def _draft(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
