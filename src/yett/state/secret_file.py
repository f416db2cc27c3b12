"""A key that the processes of a host share: random bytes in a file of mode 0600, made once.

Two processes may start at once: one's key is put in place whole, the other reads it.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from yett.state.errors import StateError
from yett.state.whole_file import PRIVATE, make_file
from yett.terms import Secret

KEY_BYTES = 32


def read_secret(path: Path) -> Secret:
    """Read the key file, or make it where there is none.

    Raises:
        StateError: it cannot be read or made, others may read it, or it is no key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            make_file(path, secrets.token_bytes(KEY_BYTES), PRIVATE)
        if path.stat().st_mode & 0o077:
            raise StateError("others may read this key", path=str(path), hint=f"chmod 600 {path}")
        key = path.read_bytes()
    except OSError as error:
        raise StateError(f"cannot be used: {error.strerror}", path=str(path)) from error
    if len(key) != KEY_BYTES:
        raise StateError(f"this is no key of {KEY_BYTES} bytes", path=str(path))
    return Secret(key)
