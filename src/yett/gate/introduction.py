"""How the gate makes itself known to yett's own issuer behind it, so that its word counts.

The issuer believes the client's address and certificate of nobody else: the line carries a secret
that only the processes of one `yett serve` share. Names that begin with `yett-` are taken off
every client's request (`wire.forwarding`).
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from yett.terms import Request

GATE_FIELD = b"yett-gate"
CERTIFICATE_FIELD = b"yett-certificate"


def introduce(request: Request, secret: bytes) -> bytes:
    """Return the field lines that go with a request to the issuer.

    Args:
        request: the client's.
        secret: of this run, printable ASCII; empty where there is none, and then nothing is said.
    """
    if not secret:
        return b""
    block = b"%b: %b\r\n" % (GATE_FIELD, secret)
    if request.certificate is not None:
        shown = b64encode(msgspec.json.encode(request.certificate))
        block += b"%b: %b\r\n" % (CERTIFICATE_FIELD, shown)
    return block
