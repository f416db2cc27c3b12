"""The request target: raw bytes to the one path and query that are matched, logged and forwarded.

Origin-form only; absolute-form only when its authority is the `Host` (RFC 9112 s3.2). The path is
split on `/` first and each segment decoded once, so `%2f` can never become a separator; whatever
two servers could read in two ways (notes/edge.md 2.3, CVE-2026-40912, GHSA-p224-6x5r-fjpm) is
refused. Never normalises a path into another one. The query is only checked for its characters.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes

from msgspec import Struct

from yett.problems import AMBIGUOUS_TARGET, TARGET_TOO_LONG, Problem

MAX_TARGET_BYTES = 8192

# RFC 3986 pchar without `%` and without `;`, plus `/`. Path parameters (`;jsessionid`, `..;/`) are
# read by some servers and not by others.
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/"
# What the WHATWG URL parser leaves raw in a query is let through (`filter[a]=1` from a browser);
# controls, space, `"`, `#`, `<`, `>`, `\` and 8-bit bytes are not. The reader writes it anew.
_QUERY = _PLAIN + b";?%[]{}|^`"
_SAFE_IN_PATH = "-._~!$&'()*+,=:@"
_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00")
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#@\\]+)(/[^\x00]*)?")


class Target(Struct, frozen=True):
    """A target with one reading.

    Args:
        path: canonical percent-encoded path, ASCII.
        segments: the path after its first `/`, split on `/`, each part decoded once. The last part
            is the empty string exactly when the path ends in `/`: `/` is `("",)`, `/a` is
            `("a",)` and `/a/` is `("a", "")`. No other part is ever empty.
        query: the raw query without `?`, ASCII.
    """

    path: str
    segments: tuple[str, ...]
    query: str


def read_target(raw: bytes, authority: str) -> Target | Problem:
    """Read a request target.

    Args:
        raw: the bytes between method and version.
        authority: the `Host`, lower-case, for absolute-form.
    """
    if len(raw) > MAX_TARGET_BYTES:
        return TARGET_TOO_LONG(close=True)
    path, mark, query = raw.partition(b"?")
    # 0.45 us in all for a canonical ASCII path (bench: tests/wire/test_target.py names the forms).
    if (
        not path.translate(None, _PLAIN)
        and path[:1] == b"/"
        and b"/." not in path
        and b"//" not in path
    ):
        text = path.decode("ascii")
        if not mark:
            return Target(text, tuple(text[1:].split("/")), "")
        problem = check_query(query)
        return problem or Target(text, tuple(text[1:].split("/")), query.decode("ascii"))
    if path[:1] != b"/":
        return _read_absolute(raw, authority)
    return _read_segments(path, query)


def check_query(query: bytes) -> Problem | None:
    """Check that a query is made of characters that may stand in one, with whole escapes."""
    if query.translate(None, _QUERY) or (b"%" in query and _ESCAPE.search(query)):
        return AMBIGUOUS_TARGET("the query holds a character that must be percent-encoded")
    return None


def _read_absolute(raw: bytes, authority: str) -> Target | Problem:
    match = _ABSOLUTE.fullmatch(raw)
    if match is None:
        return AMBIGUOUS_TARGET("the request target must start with `/`")
    named: bytes = match[1]
    if named.lower() != authority.encode("ascii"):
        return AMBIGUOUS_TARGET("the target and the `Host` field name different authorities")
    return read_target(match[2] or b"/", authority)


def _read_segments(path: bytes, query: bytes) -> Target | Problem:
    parts = path[1:].split(b"/")
    segments: list[str] = []
    last = len(parts) - 1
    for place, part in enumerate(parts):
        segment = _read_segment(part, may_be_empty=place == last)
        if isinstance(segment, Problem):
            return segment
        segments.append(segment)
    problem = check_query(query)
    if problem is not None:
        return problem
    canonical = "".join("/" + quote_from_bytes(s.encode(), _SAFE_IN_PATH) for s in segments)
    return Target(canonical, tuple(segments), query.decode("ascii"))


def _read_segment(part: bytes, *, may_be_empty: bool) -> str | Problem:
    if not part:
        return "" if may_be_empty else AMBIGUOUS_TARGET("the path has an empty segment")
    if part.translate(None, _PLAIN + b"%") or (b"%" in part and _ESCAPE.search(part)):
        return AMBIGUOUS_TARGET("the path holds a character that must be percent-encoded")
    try:
        segment = _decode(part).decode("utf-8")
    except UnicodeDecodeError:
        return AMBIGUOUS_TARGET("the path is not UTF-8")
    if segment in {".", ".."}:
        return AMBIGUOUS_TARGET("the path has a dot segment")
    if any(c in "/\\%;" or c < " " or "\x7f" <= c <= "\x9f" for c in segment):
        # A decoded `%` is the first half of a double encoding (CWE-174).
        return AMBIGUOUS_TARGET("a path segment decodes to a character with a second meaning")
    return segment


def _decode(part: bytes) -> bytes:
    first, *rest = part.split(b"%")
    return first + b"".join(bytes((int(piece[:2], 16),)) + piece[2:] for piece in rest)
