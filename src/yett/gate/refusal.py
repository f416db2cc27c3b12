"""Refusals of what never became a request: answered, recorded, and the connection closed.

Only the source is known, so the record holds nothing else; no byte the client sent is echoed.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from yett.gate.respond import problem_response
from yett.terms import Event
from yett.wire import serialize

if TYPE_CHECKING:
    from yett.gate.connection import Connection
    from yett.policy.model import Policy
    from yett.problems import Problem

HYGIENE_STEP = 2


def refuse_unread(connection: Connection, problem: Problem) -> None:
    """Answer a head that cannot be read; where the next would start is unknown, so close."""
    gate, transport = connection.gate, connection.transport
    if transport is None:
        return
    current = gate.current
    request_id = gate.next_id()
    status, fields, body = problem_response(problem, request_id)
    transport.write(
        b"%b%b%bdate: %b\r\nyett-request-id: %b\r\ncontent-length: %d\r\n%b\r\n%b"
        % (
            serialize.status_line(status),
            serialize.lines(fields),
            current.program.blocks.table[connection.peer.secure, False, False],
            gate.clock.date,
            request_id.encode(),
            len(body),
            serialize.CLOSE,
            body,
        )
    )
    policy = current.program.policy
    gate.sink.append(unread(policy, request_id, connection.peer.address, problem, len(body)))
    connection.close()


def unread(policy: Policy, request_id: str, source: str, problem: Problem, size: int) -> Event:
    """Build the record of what never became a request; `size` is that of the answer's body."""
    return Event(
        time=time(),
        request=request_id,
        source=source,
        verdict="refuse",
        step=HYGIENE_STEP,
        code=problem.code,
        note=problem.note,
        status=problem.status,
        bytes_out=size,
        policy=policy.digest[:16],
    )
