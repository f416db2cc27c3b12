"""What a browser sends of a passkey, read once and strictly: JSON, base64url, sizes.

`AuthenticationResponseJSON` and `RegistrationResponseJSON` of WebAuthn L3 s5.1, no more of them
than is verified. Duplicate members and other spellings of the same bytes are refused.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from msgspec import Struct

from yett.credentials.strict_json import read_object

MAX_SHOWN_BYTES = 32 * 1024
MAX_ID_BYTES = 1023  # WebAuthn L3 s7.1 step 25
MAX_TRANSPORTS = 8

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")
_TRANSPORT = re.compile(r"[a-z-]{1,20}\Z")


class Assertion(Struct, frozen=True, kw_only=True):
    """What a passkey has signed; all but `id` as bytes. `user` is empty where it was not named."""

    id: str
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user: bytes = b""

    def fields(self) -> dict[str, Any]:
        """Return it as py_webauthn reads it, in our spelling."""
        said = {
            "clientDataJSON": encode(self.client_data),
            "authenticatorData": encode(self.authenticator_data),
            "signature": encode(self.signature),
        }
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": said}


class Attestation(Struct, frozen=True, kw_only=True):
    """A passkey that was made."""

    id: str
    client_data: bytes
    attestation: bytes
    transports: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return it as py_webauthn reads it, in our spelling."""
        said = {
            "clientDataJSON": encode(self.client_data),
            "attestationObject": encode(self.attestation),
        }
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": said}


def read_assertion(text: str) -> Assertion | str:
    """Read what a page sends after `navigator.credentials.get`, or say why not."""
    parts = _read(text, ("clientDataJSON", "authenticatorData", "signature", "userHandle"))
    if isinstance(parts, str):
        return parts
    id_, said, _ = parts
    return Assertion(
        id=id_,
        client_data=said["clientDataJSON"],
        authenticator_data=said["authenticatorData"],
        signature=said["signature"],
        user=said["userHandle"],
    )


def read_attestation(text: str) -> Attestation | str:
    """Read what a page sends after `navigator.credentials.create`, or say why not."""
    parts = _read(text, ("clientDataJSON", "attestationObject"))
    if isinstance(parts, str):
        return parts
    id_, said, response = parts
    transports = response.get("transports", [])
    listed = transports if isinstance(transports, list) else []
    known = [one for one in listed if isinstance(one, str) and _TRANSPORT.match(one)]
    return Attestation(
        id=id_,
        client_data=said["clientDataJSON"],
        attestation=said["attestationObject"],
        transports=tuple(dict.fromkeys(known))[:MAX_TRANSPORTS],
    )


def encode(raw: bytes) -> str:
    """Write base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: object) -> bytes | None:
    """Read base64url; None for anything that `encode` would not have written."""
    if not isinstance(text, str) or not _BASE64URL.match(text) or len(text) % 4 == 1:
        return None
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return raw if encode(raw) == text else None


def _read(
    text: str, members: tuple[str, ...]
) -> tuple[str, dict[str, bytes], dict[str, Any]] | str:
    raw = text.encode("utf-8", "replace")
    if not raw or len(raw) > MAX_SHOWN_BYTES:
        return "the credential is empty or too large"
    value = read_object(raw)
    if isinstance(value, str):
        return f"the credential {value}"
    id_ = value.get("id")
    named = decode(id_)
    if not isinstance(id_, str) or not named or len(named) > MAX_ID_BYTES:
        return "the credential id is missing, too long or not base64url"
    if value.get("rawId", id_) != id_ or value.get("type") != "public-key":
        return "the credential is of another type, or has two ids"
    response = value.get("response")
    if not isinstance(response, dict):
        return "the credential has no response"
    said = {name: decode(response.get(name) or "") for name in members}
    if any(one is None for one in said.values()):
        return "a part of the credential is not base64url"
    return id_, {name: one for name, one in said.items() if one is not None}, response
