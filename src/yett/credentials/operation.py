"""A token for one call: what its `authorization_details` say, as this gate asked for it.

The type `urn:yett:operation` names an operation and the digest of one exact request of it. Of other
types nothing is read (RFC 9396 s7 leaves them to whom they concern). docs/spec/operation-token.md.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from yett.credentials.structure import is_identifier

TYPE = "urn:yett:operation"
MAX_DETAILS = 16

_DIGEST = re.compile(r"[0-9a-f]{64}")


class OperationDetail(Struct, frozen=True):
    """The one call that a token is for.

    Args:
        operation: id of the operation, `api.operationId`.
        digest: of the request, hex.
    """

    operation: str
    digest: str


def read_operation(claims: dict[str, Any]) -> OperationDetail | str | None:
    """Read the detail of our type; None where there is none, or why the claim cannot be read."""
    if "authorization_details" not in claims:
        return None
    details = claims["authorization_details"]
    if not isinstance(details, list) or len(details) > MAX_DETAILS:
        return "`authorization_details` cannot be read"
    ours = [one for one in details if isinstance(one, dict) and one.get("type") == TYPE]
    if not ours:
        return None
    operation, digest = ours[0].get("operation"), ours[0].get("digest")
    # With two operations nobody could say which call has used the token up.
    if len(ours) > 1 or not is_identifier(operation):
        return "`authorization_details` do not name one operation"
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        return "`authorization_details` have no digest"
    return OperationDetail(str(operation), digest)
