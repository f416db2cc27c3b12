"""What the contract says about freezing a request of one operation, and about who may approve it.

A value that `policy.approvals` fills at load. Names of fields are lower-case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from yett.policy.authz.model import Located

Mask = Callable[[str, Any], Any]


class Approvable(Struct, frozen=True, kw_only=True):
    """How a request of one operation is frozen.

    Args:
        reads: the body is read and checked whole, so that it can be frozen.
        fields: header fields that are frozen: the table of `policy.approvals` and declared ones.
        cookies: cookies that the operation declares.
        credentials: query parameters that carry a credential; no part of the request.
        secrets: query parameters, fields and cookies whose value approvers must not see.
        mask: (media type, value) -> the value with its secrets covered; None where the schemas
            declare no secret.
        scope: scope that lets its holder approve, where the contract has no Cedar policies.
        action: Cedar action that lets its holder approve, where it has.
        type: entity type of the record that the operation is about, `Api` where it is about none.
        located: where that record's id is in the request; None for lists and new records.
    """

    reads: bool
    fields: frozenset[str]
    cookies: tuple[str, ...] = ()
    credentials: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    mask: Mask | None = None
    scope: str = ""
    action: str = ""
    type: str = "Api"
    located: Located | None = None
