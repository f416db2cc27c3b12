"""A key that the processes of a host share: random bytes in a file of mode 0600, made once.

Two processes may start at once: one's key is put in place whole, the other reads it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from yett.state.errors import StateError
from yett.terms import Secret

KEY_BYTES = 32


def read_secret(path: Path) -> Secret:
    """Read the key file, or make it where there is none.

    Raises:
        StateError: it cannot be read or made, others may read it, or it is no key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        if path.stat().st_mode & 0o077:
            raise StateError("others may read this key", path=str(path), hint=f"chmod 600 {path}")
        key = path.read_bytes()
    except OSError as error:
        raise StateError(f"cannot be used: {error.strerror}", path=str(path)) from error
    if len(key) != KEY_BYTES:
        raise StateError(f"this is no key of {KEY_BYTES} bytes", path=str(path))
    return Secret(key)


def _make(path: Path) -> None:
    """Put a fresh key in place, whole, unless there is one."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
