"""A request as the service's own server heard it, read as the gateway reads one from the wire.

The same functions check fields, target and forwarding; what only bytes on a connection show (two
framings, a lone CR) the server in front has decided already, and what is left of it here is
refused where it has two readings. RFC 9110 s5, RFC 9112 s3, s6.
"""

from __future__ import annotations

from msgspec import Struct

from yett.gate.within.core import Core
from yett.problems import HEAD_TOO_LARGE, MALFORMED_REQUEST, Problem
from yett.terms import Certificate, Request
from yett.wire.fields import Fields
from yett.wire.forwarding import Hop, Passed, Peer, canonical_address, is_trusted
from yett.wire.http1 import MAX_HEAD_BYTES, METHOD, check_version
from yett.wire.target import read_target


class Heard(Struct, frozen=True):
    """What a server says of a request.

    Args:
        method: as the server gives it.
        path: as it came, still percent-encoded, without the query.
        query: without `?`, still percent-encoded.
        fields: names and values in order.
        address: of the other end of the connection, as text; empty when unknown.
        secure: whether that connection is TLS.
        minor: 0 for HTTP/1.0, 1 for anything newer.
        unframed: a body may follow though no field says so (HTTP/2).
        certificate: what the client has shown the server in its handshake.
    """

    method: str
    path: bytes
    query: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    address: str
    secure: bool
    minor: int = 1
    unframed: bool = False
    certificate: Certificate | None = None


class Incoming(Struct, frozen=True):
    """A request that can be decided about."""

    request: Request
    fields: Fields
    passed: Passed


def read_heard(core: Core, heard: Heard, request_id: str) -> Incoming | Problem:
    """Read a request, or say why it cannot be one."""
    if METHOD.fullmatch(heard.method) is None or heard.method == "CONNECT":
        return MALFORMED_REQUEST("the method is malformed", close=True)
    block = write_block(heard.fields)
    if isinstance(block, Problem):
        return block
    hop = _hop(core, heard)
    read = core.blocks.read(block, hop)
    if isinstance(read, Problem):
        return read
    fields, passed = read
    raw = heard.path + b"?" + heard.query if heard.query else heard.path
    target = read_target(raw, fields.authority)
    if isinstance(target, Problem):
        return target
    problem = check_version(fields, heard.minor)
    if problem is not None:
        return problem
    request = Request(
        id=request_id,
        method=heard.method,
        path=target.path,
        segments=target.segments,
        query=target.query,
        headers=passed.headers,
        source=passed.source,
        secure=passed.secure,
        authority=fields.authority,
        length=None if heard.unframed else fields.length,
        # A proxy's own certificate says nothing of who comes through it (CWE-441).
        certificate=passed.certificate if hop.peer.trusted else heard.certificate,
    )
    return Incoming(request, fields, passed)


def write_block(fields: tuple[tuple[bytes, bytes], ...]) -> bytes | Problem:
    """Write fields as a header block; one that would become two lines, or another name, is refused.

    A server that lets CR, LF or a colon through in a name or value is not to be believed (CWE-113).
    """
    block = b"".join([b"%b: %b\r\n" % field for field in fields])
    if len(block) > MAX_HEAD_BYTES:
        return HEAD_TOO_LARGE(close=True)
    whole = block.count(b"\n") == block.count(b"\r") == len(fields)
    if not whole or any(b":" in name for name, _ in fields):
        return MALFORMED_REQUEST("a header field is malformed", close=True)
    return block


def _hop(core: Core, heard: Heard) -> Hop:
    settings = core.current.settings
    trusted = settings.trusted
    address = canonical_address(heard.address)
    peer = Peer(address, heard.secure, is_trusted(address, trusted))
    return Hop(peer, trusted, core.pseudonym, settings.client_cert)
