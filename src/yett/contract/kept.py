"""The form in which a parsed YAML file is kept between starts: msgpack behind its own SHA-256.

Never pickle: reading a kept file must not be able to run code. A file that was cut, edited or
written by another version reads as "not kept".
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

FORMAT = "1"
WORTH_KEEPING_BYTES = 1 << 19  # below that reading YAML takes under 50 ms


def name_of(digest: str) -> str:
    """Return the file name for a document with this SHA-256."""
    return f"yaml-{FORMAT}-{digest}.msgpack"


def pack(value: Any) -> bytes | None:
    """Write a parsed document; None when it holds what msgpack cannot (integers over 64 bits)."""
    try:
        body = msgspec.msgpack.encode(value)
    except (OverflowError, TypeError, ValueError, RecursionError):
        return None
    return hashlib.sha256(body).digest() + body


def unpack(data: bytes) -> Any:
    """Read what `pack` wrote; None when a single bit is different."""
    digest, body = data[:32], data[32:]
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        return msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
