"""The client data of a ceremony: what the browser says it did, in one reading.

py_webauthn takes the last of two equal members, a byte order mark, and a ceremony within a frame of
another site (measured, notes/identity 2c); all are refused here. WebAuthn L3 s5.8.1, s7.1 steps
5-11, s7.2 steps 8-14.
"""

from __future__ import annotations

from msgspec import Struct

from yett.credentials.passkeys.shown import decode
from yett.credentials.strict_json import read_object

MAX_CLIENT_DATA_BYTES = 4096
CREATE, GET = "webauthn.create", "webauthn.get"


class ClientData(Struct, frozen=True):
    """What is left to compare once it has been read: the challenge."""

    challenge: bytes


def read_client_data(raw: bytes, kind: str, origin: str) -> ClientData | str:
    """Read and check client data, or say why not.

    Args:
        raw: `clientDataJSON` as it was signed.
        kind: `CREATE` or `GET`.
        origin: ours, exactly; a sub-domain or another port is somebody else.
    """
    if len(raw) > MAX_CLIENT_DATA_BYTES:
        return "the client data is too large"
    value = read_object(raw)
    if isinstance(value, str):
        return f"the client data {value}"
    if value.get("type") != kind:
        return "the client data is of another ceremony"
    if value.get("origin") != origin:
        return "the ceremony was at another origin"
    # Absent or exactly false: no page of ours is framed, so a frame is a trick (CWE-1021).
    if value.get("crossOrigin", False) is not False or "topOrigin" in value:
        return "the ceremony was in a frame of another site"
    challenge = decode(value.get("challenge"))
    if not challenge:
        return "the challenge is missing or not base64url"
    return ClientData(challenge)
