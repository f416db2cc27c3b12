"""multipart/form-data split strictly: one grammar, no second reading, everything bounded.

Parsers disagree on bare LF, preambles, quoting in `filename`, `filename*`, repeated parameters and
transfer encodings (the file-upload bypasses of CWE-434 and CWE-436); each of these is refused, so
the bytes can go on as they came. RFC 7578, RFC 2046 s5.1.
"""

from __future__ import annotations

import re

from msgspec import Struct

MAX_PARTS_COUNT = 256
MAX_PART_HEAD_BYTES = 2_048
MAX_TEXT_BYTES = 1 << 16
MAX_FILENAME_CHARACTERS = 255

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_DISPOSITION = re.compile(
    r'form-data; ?name="([^"\\\x00-\x1f\x7f]{1,256})"(?:; ?filename="([^"\\\x00-\x1f\x7f]*)")?'
)
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_ALLOWED = frozenset({"content-disposition", "content-type", "content-length"})


class Part(Struct, frozen=True):
    """One part: its name, what it holds and, for a file, the name the client gave it."""

    name: str
    content: bytes
    content_type: str
    filename: str | None


def split_parts(raw: bytes, boundary: str) -> list[Part] | None:
    """Return the parts in order, None when the body is not exactly one list of parts."""
    if not _BOUNDARY.fullmatch(boundary):
        return None
    mark = b"--" + boundary.encode("ascii")
    if not raw.startswith(mark + b"\r\n"):
        return None
    if raw.endswith(b"\r\n" + mark + b"--\r\n"):
        end = len(raw) - len(mark) - 6
    elif raw.endswith(b"\r\n" + mark + b"--"):
        end = len(raw) - len(mark) - 4
    else:
        return None
    if end < len(mark) + 2:
        return None
    chunks = raw[len(mark) + 2 : end].split(b"\r\n" + mark, MAX_PARTS_COUNT)
    if len(chunks) > MAX_PARTS_COUNT:
        return None
    parts: list[Part] = []
    for index, chunk in enumerate(chunks):
        if index and not chunk.startswith(b"\r\n"):
            return None  # a boundary with something behind it, or the end before the end
        part = _read_part(chunk[2:] if index else chunk)
        if part is None:
            return None
        parts.append(part)
    # PHP takes a lone LF before the mark for a boundary too: a mark in a content hides parts.
    return parts if raw.count(mark) == len(parts) + 1 else None


def _read_part(chunk: bytes) -> Part | None:
    at = chunk.find(b"\r\n\r\n", 0, MAX_PART_HEAD_BYTES)
    if at < 0:
        return None
    fields = _read_head(chunk[:at])
    if fields is None:
        return None
    found = _DISPOSITION.fullmatch(fields.get("content-disposition", ""))
    if found is None or not _is_plain_filename(found[2]):
        return None
    return Part(found[1], chunk[at + 4 :], fields.get("content-type", ""), found[2])


def _read_head(head: bytes) -> dict[str, str] | None:
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        return None
    fields: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            return None
        name = found[1].lower()
        if name in fields or name not in _ALLOWED:
            return None
        fields[name] = found[2]
    return fields


def _is_plain_filename(filename: str | None) -> bool:
    """Whether the name is no path (CWE-22): no separators, no `..`, no stream or drive colon."""
    if filename is None or filename == "":
        return True
    return (
        len(filename) <= MAX_FILENAME_CHARACTERS
        and not any(character in filename for character in "/\\:")
        and filename not in (".", "..")
    )
