"""OAuth errors: raised inside the issuer, answered as RFC 6749 s5.2 JSON or on the redirect.

The description never quotes what was sent. `note` is for the record only.
"""

from __future__ import annotations

from yett.issuer.http import Answer, json_answer


class OAuthError(Exception):
    """A refusal with a registered code.

    Args:
        code: such as `invalid_grant`.
        description: for the client's developer: lower-case, one line.
        status: HTTP status; 401 only for `invalid_client` and `invalid_token`.
        headers: such as `www-authenticate` or `dpop-nonce`.
        note: what the record says beside.
    """

    def __init__(
        self,
        code: str,
        description: str = "",
        *,
        status: int = 400,
        headers: tuple[tuple[str, str], ...] = (),
        note: str = "",
    ) -> None:
        super().__init__(code)
        self.code, self.description, self.status = code, description, status
        self.headers, self.note = headers, note

    def answer(self) -> Answer:
        """Write it as JSON (RFC 6749 s5.2)."""
        body = {"error": self.code}
        if self.description:
            body["error_description"] = self.description
        return json_answer(body, self.status, *self.headers)
