"""Which media types are JSON; what a `content-type` on the wire says is `policy.media`'s to read.

Names are lower-case and without parameters, as `MediaType.name` is.
"""

from __future__ import annotations

_RANGES = ("*/*", "application/*", "application/*+json")


def is_json(name: str) -> bool:
    """Whether the type is JSON by name or by suffix (RFC 6839 s3.1)."""
    subtype = name.partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


def admits_json(name: str) -> bool:
    """Whether a declared entry may stand for JSON: by name, or a range (Springdoc writes `*/*`)."""
    return is_json(name) or name in _RANGES
