"""Seals what must be read again: signing keys, TOTP secrets, tokens of others. AES-256-GCM.

The key is a file of its own (mode 0600), beside the store and not in it, so that a copy of the
store alone opens nothing. The name of what is sealed is authenticated with it: a sealed value that
is moved to another row does not open. See NIST SP 800-38D; RFC 5116 s5.2.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yett.state.errors import StateError
from yett.state.secret_file import read_secret
from yett.terms import Secret

NONCE_BYTES = 12
VERSION = b"\x01"
MARKING = b"yett marks 1"  # the key of marks is another one than that of seals
SEAL_KEY_FILE = "var/seal.key"


class SealBox:
    """Seals and opens with one key."""

    __slots__ = ("_cipher", "_marking")

    def __init__(self, key: Secret) -> None:
        self._cipher = AESGCM(key.reveal())
        self._marking = hmac.digest(key.reveal(), MARKING, "sha256")

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

    def mark(self, value: bytes, name: str) -> bytes:
        """Return 32 bytes that only this key makes of a value under a name; hides nothing.

        For what strangers may ask for as often as they like: each seal spends one of the 2^32
        random nonces that a key of AES-GCM is good for (NIST SP 800-38D s8.3), a mark spends none.
        """
        said = name.encode()
        return hmac.digest(self._marking, len(said).to_bytes(8) + said + value, "sha256")


def open_box(path: Path) -> SealBox:
    """Read the key file, or make it where there is none.

    Raises:
        StateError: it cannot be read or made, others may read it, or it is no key.
    """
    return SealBox(read_secret(path))
