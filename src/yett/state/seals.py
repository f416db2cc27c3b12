"""Seals the secret part of a frozen request: comparable, and slow to guess from the file.

A PIN has ten thousand values; a plain digest of it would be the PIN. scrypt (RFC 7914) makes each
guess cost 16 MiB and 30 ms, and the seal is wiped when the approval is over.
"""

from __future__ import annotations

import hashlib
import sqlite3
from hmac import compare_digest

# A fifth of what OWASP lists for passwords, which are kept for years: the store waits for this.
_N, _R, _P = 1 << 14, 8, 1


def seal(sealed: str, salt: bytes) -> bytes:
    """Harden the digest of what is secret; nothing where nothing is."""
    if not sealed:
        return b""
    return hashlib.scrypt(sealed.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)


def fits(row: sqlite3.Row, sealed: str) -> bool:
    """Whether a request has the secret part that the row was made with."""
    return compare_digest(seal(sealed, row["salt"]), row["seal"])
