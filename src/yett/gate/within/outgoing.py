"""What the application is called with: the checked request, written anew, or a read for a rule.

Nothing of the request reaches it as it came: path, query and body are the canonical ones, fields
are those that the gateway would forward. What a read for a rule carries, and what of its answer
counts as a record, is `gate/reading.py`'s to say.
"""

from __future__ import annotations

from msgspec import Struct

from yett.engine.questions import ReadRecord, RecordRead
from yett.gate.asking import TARGET
from yett.gate.reading import make_record, no_record, read_block, too_large
from yett.gate.sending import HAS_BODY, forwarded_fields, forwarded_method
from yett.gate.within.visit import Caller, Visit
from yett.problems import RECORD_UNREADABLE, Problem
from yett.terms import Forward
from yett.wire.fields import FIELD_BLOCK
from yett.wire.response import ResponseHead
from yett.wire.target import read_target

Fields = list[tuple[bytes, bytes]]


class Outgoing(Struct, frozen=True):
    """One call of the application.

    Args:
        method: the method.
        path: canonical percent-encoded path; `segments` are its decoded parts.
        query: without `?`.
        fields: lower-case names and values, framing included.
        body: the body; None where it is still to be read from the client.
        source: the client's address; `secure` is whether its own hop was TLS.
        caller: what the application is told of the caller; None in a read with another's token.
    """

    method: str
    path: str
    segments: tuple[str, ...]
    query: str
    fields: Fields
    body: bytes | None
    source: str
    secure: bool
    caller: Caller | None


def forwarded(visit: Visit, forward: Forward) -> Outgoing:
    """Make the call for an allowed request."""
    request, incoming = visit.x.request, visit.incoming
    block = forwarded_fields(incoming.passed.block, forward, request.id)
    framing, body = _frame(visit, forward)
    path, _, query = forward.target.partition("?")
    return Outgoing(
        forwarded_method(visit.x, forward),
        path,
        request.segments,
        query,
        [(b"host", incoming.fields.authority.encode()), *pairs(block), *framing],
        body,
        request.source,
        request.secure,
        visit.caller(),
    )


def _frame(visit: Visit, forward: Forward) -> tuple[Fields, bytes | None]:
    if forward.body:
        return [(b"content-length", b"%d" % len(forward.body))], forward.body
    request = visit.x.request
    if request.length != 0 and not visit.read:
        if request.length is not None:
            return [(b"content-length", b"%d" % request.length)], None
        chunked = visit.incoming.fields.length is None
        return [(b"transfer-encoding", b"chunked")] if chunked else [], None
    if request.method in HAS_BODY or b"content-length" in request.headers:
        return [(b"content-length", b"0")], b""
    return [], b""


def asked(visit: Visit, question: ReadRecord) -> Outgoing | Problem:
    """Make the call that reads a record, or say why there can be none."""
    current, incoming, request = visit.current, visit.incoming, visit.x.request
    target = (
        read_target(question.target.encode("ascii"), incoming.fields.authority)
        if TARGET.fullmatch(question.target)
        else None
    )
    if target is None or isinstance(target, Problem):
        return RECORD_UNREADABLE(note="the contract gives no way to read it")
    bearer = None
    if current.reads_as_service and not question.own:
        bearer = current.view.bearer()
        if bearer is None:
            return RECORD_UNREADABLE(note="there is no token to read with")
    block = read_block(incoming.passed.block, bearer, current.schemes, visit.x.without)
    fields = [(b"host", incoming.fields.authority.encode()), *pairs(block)]
    return Outgoing(
        "GET",
        target.path,
        target.segments,
        target.query,
        [*fields, (b"yett-request-id", request.id.encode())],
        b"",
        request.source,
        request.secure,
        visit.caller(read=True) if bearer is None else None,
    )


class Found:
    """The answer to a read, as far as it has come.

    Args:
        visit: whose it is.
        limit: most bytes of its body.

    Attributes:
        problem: why it is no record; nothing more need be read.
        complete: its end has come.
    """

    __slots__ = ("_head", "_limit", "_pieces", "_size", "_visit", "complete", "problem")

    def __init__(self, visit: Visit, limit: int) -> None:
        self._visit = visit
        self._limit = limit
        self._head: ResponseHead | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self.problem: Problem | None = None
        self.complete = False

    def start(self, status: int, fields: Fields) -> None:
        """Take the head."""
        head = read_answer_head(self._visit, status, fields)
        unfit = head if isinstance(head, str) else no_record(head, self._limit)
        if self._head is not None:
            unfit = "the service answered twice"
        if unfit or isinstance(head, str):
            self._refuse(unfit)
        else:
            self._head = head

    def take(self, data: bytes, *, complete: bool) -> None:
        """Take more of the body."""
        self._size += len(data)
        if self._head is None:
            self._refuse("the service gave a body without a head")
        elif self._size > self._limit:
            self._refuse(too_large(self._limit))
        elif not self.complete:
            self._pieces.append(data)
            self.complete = complete

    def end(self) -> RecordRead | Problem:
        """Return what was found, when the application has ended."""
        if self.problem is not None:
            return self.problem
        body = b"".join(self._pieces)
        head = self._head
        if head is None or not self.complete or head.length not in {None, len(body)}:
            return RECORD_UNREADABLE(note="the service gave no whole answer")
        return make_record(head, body)

    def _refuse(self, note: str) -> None:
        self.problem = self.problem or RECORD_UNREADABLE(note=note)


def pairs(block: bytes) -> Fields:
    """Return a block's fields as (name, value), in order."""
    split = [line.partition(b":") for line in block.split(b"\r\n")[:-1]]
    return [(name.lower(), value.strip(b" \t")) for name, _, value in split]


def read_answer_head(visit: Visit, status: int, fields: Fields) -> ResponseHead | str:
    """Read the head of an answer of the application; a text says what is wrong with it."""
    block = b"".join([b"%b: %b\r\n" % (bytes(name), bytes(value)) for name, value in fields])
    # A CRLF in a value would be two fields here, and is two fields to some servers (CWE-113).
    whole = block.count(b"\n") == block.count(b"\r") == len(fields)
    if not 200 <= status <= 599 or not whole or FIELD_BLOCK.fullmatch(block) is None:
        return "the head of the answer is malformed"
    return visit.current.reader.read(b"HTTP/1.1 %d \r\n%b" % (status, block[:-2]))
