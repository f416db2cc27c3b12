"""What goes to the client: a piece of an answer, and answers that are the gate's own.

Fields are those that the gateway writes (step 15), from the same ready blocks.
"""

from __future__ import annotations

from msgspec import Struct

from yett.engine import response
from yett.gate.refusal import unread
from yett.gate.respond import problem_response
from yett.gate.within.core import Core
from yett.gate.within.outgoing import Fields, pairs
from yett.gate.within.visit import Visit
from yett.problems import Problem
from yett.wire import serialize
from yett.wire.forwarding import canonical_address


class Out(Struct, frozen=True):
    """What goes to the client now.

    Args:
        status: of a head to send; 0 where none is.
        fields: of that head.
        body: more of the body.
        done: nothing follows.
    """

    status: int = 0
    fields: Fields = []
    body: bytes = b""
    done: bool = False


def whole(visit: Visit, status: int, block: bytes, body: bytes) -> Out:
    """Write an answer of the gate's own in one piece."""
    framing = [] if status == 204 else [(b"content-length", b"%d" % len(body))]
    if visit.x.request.method == "HEAD":
        body = b""
    visit.status = status
    visit.sent += len(body)
    return Out(status, [*pairs(block + response.fields(visit.x, status)), *framing], body, True)


def refused(visit: Visit, problem: Problem, status: int = 0) -> Out:
    """Write a refusal; `status` replaces the problem's own."""
    status, fields, body = problem_response(problem, visit.x.request.id, status)
    closing = serialize.CLOSE if problem.close else b""
    return whole(visit, status, serialize.lines(fields) + closing, body)


def refuse_unread(core: Core, address: str, request_id: str, problem: Problem, secure: bool) -> Out:
    """Refuse, and record, what never became a request."""
    program = core.current.program
    status, fields, body = problem_response(problem, request_id)
    source = canonical_address(address)
    core.sink.append(unread(program.policy, request_id, source, problem, len(body)))
    block = serialize.lines(fields) + program.blocks.table[secure, False, False]
    block += b"yett-request-id: %b\r\ncontent-length: %d\r\n" % (request_id.encode(), len(body))
    return Out(status, pairs(block + serialize.CLOSE), body, True)
