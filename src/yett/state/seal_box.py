"""Seals what must be read again: signing keys, TOTP secrets, tokens of others. AES-256-GCM.

The key is a file of its own (mode 0600), beside the store and not in it, so that a copy of the
store alone opens nothing. The name of what is sealed is authenticated with it: a sealed value that
is moved to another row does not open. See NIST SP 800-38D; RFC 5116 s5.2.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yett.state.errors import StateError
from yett.state.secret_file import read_secret
from yett.terms import Secret

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
    return SealBox(read_secret(path))
