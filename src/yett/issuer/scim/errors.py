"""Errors as SCIM says them (RFC 7644 s3.12), so that a directory can show them to its people."""

from __future__ import annotations

from typing import Any

import msgspec

from yett.issuer.errors import OAuthError
from yett.issuer.http import NO_STORE, Answer

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(OAuthError):
    """A refusal.

    Args:
        status: HTTP status.
        detail: for the directory's operator: lower-case, one line; quotes nothing secret.
        kind: `scimType`, for 400 and 409.
        headers: such as `www-authenticate`.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        kind: str = "",
        *,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(kind or str(status), detail, status=status, headers=headers)
        self.kind = kind

    def answer(self) -> Answer:
        """Write it as JSON."""
        body: dict[str, Any] = {"schemas": [ERROR], "status": str(self.status)}
        if self.kind:
            body["scimType"] = self.kind
        if self.description:
            body["detail"] = self.description
        return Answer(
            status=self.status,
            headers=(("content-type", MEDIA_TYPE), NO_STORE, *self.headers),
            body=msgspec.json.encode(body),
        )
