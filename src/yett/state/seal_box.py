"""Seals what must be read again: signing keys, TOTP secrets, tokens of others. AES-256-GCM.

The key is a file of its own (mode 0600), beside the store and not in it, so that a copy of the
store alone opens nothing. The name of what is sealed is authenticated with it: a sealed value that
is moved to another row does not open. See NIST SP 800-38D; RFC 5116 s5.2.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yett.state.errors import StateError
from yett.terms import Secret

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"
SEAL_KEY_FILE = "var/seal.key"


class SealBox:
    """Seals and opens with one key."""

    __slots__ = ("_cipher",)

    def __init__(self, key: Secret) -> None:
        self._cipher = AESGCM(key.reveal())

    def seal(self, plain: bytes, name: str) -> bytes:
        """Seal bytes under a name, such as `totp:USER`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Open what was sealed under the same name.

        Raises:
            StateError: another key, another name, or damaged.
        """
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        hint = f"is `{SEAL_KEY_FILE}` the key of this store?"
        if sealed[:1] != VERSION:
            raise StateError("a sealed value is of another version", hint=hint)
        try:
            return self._cipher.decrypt(nonce, rest, name.encode())
        except (InvalidTag, ValueError):
            raise StateError("a sealed value does not open", hint=hint) from None


def open_box(path: Path) -> SealBox:
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
    return SealBox(Secret(key))


def _make(path: Path) -> None:
    """Put a fresh key in place, whole, unless there is one: two processes may start at once."""
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
