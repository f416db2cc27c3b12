"""Rich authorization requests (RFC 9396): what a token is for, in more words than a scope.

One type is known, `urn:yett:operation`: exactly one call, frozen by its digest, as the gate's
challenge of an operation with `bind: operation` names it. Its token lives shortly, is used once and
has no refresh token. Any other type or member is refused: what nobody understands is not granted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yett.credentials.operation import TYPE
from yett.credentials.strict_json import read_object
from yett.credentials.structure import is_identifier
from yett.issuer.errors import OAuthError

MAX_DETAILS_BYTES = 4096

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")

Detail = dict[str, Any]


def read_details(text: str) -> tuple[Detail, ...]:
    """Read the parameter `authorization_details`; empty text is none.

    Raises:
        OAuthError: `invalid_authorization_details` (RFC 9396 s5).
    """
    if not text:
        return ()
    raw = text.encode("utf-8", "replace")
    if len(raw) > MAX_DETAILS_BYTES:
        raise _refused(f"is longer than {MAX_DETAILS_BYTES} bytes")
    read = read_object(b'{"details":%b}' % raw)
    # More than the one member means that the text closed the object itself.
    if isinstance(read, str) or set(read) != {"details"}:
        raise _refused("is not JSON with one reading")
    return check_details(read["details"])


def check_details(value: Any) -> tuple[Detail, ...]:
    """Check details that are parsed already.

    Raises:
        OAuthError: not an array of one object of a known type with exactly its members.
    """
    # A token is used once: with two operations the second could never be called.
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise _refused("is not an array of one object")
    detail: Detail = value[0]
    kind = detail.get("type")
    check = CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise _refused("is of a type that is not known here")
    check(detail)
    return (detail,)


def describe(detail: Detail) -> str:
    """Say in words what is granted, for the person who is asked."""
    return f"call {detail['operation']} once, exactly as it was sent ({detail['digest'][:16]}…)"


def _check_operation(detail: Detail) -> None:
    if set(detail) != {"type", "operation", "digest"}:
        raise _refused("needs exactly `operation` and `digest` beside `type`")
    operation, digest = detail["operation"], detail["digest"]
    # As the gate reads it, `shop.GET /pay` where the contract has no `operationId`; printable, so
    # that nothing on the page is turned round (CWE-1007).
    if not is_identifier(operation):
        raise _refused("has no operation id")
    if not isinstance(digest, str) or not _DIGEST.match(digest):
        raise _refused("has no digest: 64 lower-case hex digits")


def _refused(flaw: str) -> OAuthError:
    return OAuthError("invalid_authorization_details", f"`authorization_details` {flaw}")


CHECKS: dict[str, Callable[[Detail], None]] = {TYPE: _check_operation}
