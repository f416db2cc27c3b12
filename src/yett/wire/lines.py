"""Ready header blocks: what one says under a name, and the same without some names.

A block is field lines, each with its CRLF, already checked; names are compared as a service might
read them, in any case and with `_` for `-` (to a WSGI or CGI service both are one variable).
"""

from __future__ import annotations


def values(block: bytes, name: bytes) -> list[bytes]:
    """Return the values of a lower-case name, in order."""
    found = []
    for line in block.split(b"\r\n"):
        said, _, value = line.partition(b":")
        if said.lower() == name:
            found.append(value.strip(b" \t"))
    return found


def names(block: bytes) -> frozenset[bytes]:
    """Return the names in a block, lower-case."""
    return frozenset(line.partition(b":")[0].lower() for line in block.split(b"\r\n")[:-1])


def without(block: bytes, left_out: frozenset[bytes], prefixes: tuple[bytes, ...] = ()) -> bytes:
    """Return the block without lower-case names and what begins with one of `prefixes`."""
    kept = []
    for line in block.split(b"\r\n")[:-1]:
        name = line.partition(b":")[0].lower().replace(b"_", b"-")
        if name not in left_out and not name.startswith(prefixes):
            kept.append(line + b"\r\n")
    return b"".join(kept)


def media_type(block: bytes) -> str:
    """Return the media type, lower-case, without parameters; empty when there is no single one."""
    found = values(block, b"content-type")
    if len(found) != 1:
        return ""
    return found[0].partition(b";")[0].strip(b" \t").lower().decode("latin-1")


def is_coded(block: bytes) -> bool:
    """Whether the body has a content coding. See RFC 9110 s8.4."""
    found = values(block, b"content-encoding")
    return any(coding.lower() not in {b"", b"identity"} for coding in found)


def pairs(block: bytes) -> list[tuple[bytes, bytes]]:
    """Return a block's fields as (name, value), in order."""
    split = [line.partition(b":") for line in block.split(b"\r\n")[:-1]]
    return [(name.lower(), value.strip(b" \t")) for name, _, value in split]
