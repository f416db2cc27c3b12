"""The shape of a vote on an approval: decision, digest, and what a passkey has signed.

Closed, and every string bounded to what can be kept as evidence. WebAuthn L3 s5.1: the assertion is
`AuthenticationResponseJSON`, as `PublicKeyCredential.toJSON` writes it.
"""

from __future__ import annotations

from typing import Any

# Longer ones would not fit into a record (`credentials.passkeys.vote`).
MAX_ID_CHARACTERS = 1364
MAX_CLIENT_DATA_CHARACTERS = 4096
MAX_PART_CHARACTERS = 1024
MAX_HANDLE_CHARACTERS = 86  # 64 bytes (WebAuthn L3 s5.4.3)


def _base64url(most: int, *, least: int = 1) -> dict[str, Any]:
    pattern = "^[A-Za-z0-9_-]*$"
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": pattern}


def _closed(required: tuple[str, ...], /, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


ID_SCHEMA = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
ASSERTION_SCHEMA = _closed(
    ("id", "rawId", "type", "response"),
    id=_base64url(MAX_ID_CHARACTERS),
    rawId=_base64url(MAX_ID_CHARACTERS),
    type={"enum": ["public-key"]},
    authenticatorAttachment={"enum": ["platform", "cross-platform", None]},
    clientExtensionResults=_closed(()),  # none are asked for
    response=_closed(
        ("clientDataJSON", "authenticatorData", "signature"),
        clientDataJSON=_base64url(MAX_CLIENT_DATA_CHARACTERS),
        authenticatorData=_base64url(MAX_PART_CHARACTERS),
        signature=_base64url(MAX_PART_CHARACTERS),
        userHandle={"anyOf": [_base64url(MAX_HANDLE_CHARACTERS, least=0), {"enum": [None]}]},
    ),
)
VOTE_SCHEMA = _closed(
    ("decision", "digest"),
    decision={"enum": ["approve", "refuse"]},
    digest={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    assertion=ASSERTION_SCHEMA,
)
