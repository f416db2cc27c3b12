"""Step 13, the way out: an allowed request to its upstream, once, or twice where nothing happened.

Framing is the gate's own; fields that the answer must not depend on are left out, and what a rule
adds is appended. At most one retry, and only where nothing can have happened. The way back is
`gate/relay.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from yett.engine.release import RELEASE_STEP
from yett.gate.answer import Answer
from yett.gate.handshake import check_handshake
from yett.gate.introduction import introduce
from yett.gate.parting import part
from yett.terms import Verdict
from yett.wire import serialize
from yett.wire.lines import names, without

if TYPE_CHECKING:
    from yett.engine.exchange import Exchange
    from yett.problems import Problem
    from yett.terms import Forward
    from yett.wire.pool import Pool

# RFC 9110 s9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY"})
# Where some services want a `Content-Length: 0` rather than none (RFC 9110 s8.6).
HAS_BODY = frozenset({"POST", "PUT", "PATCH"})
_SWITCH_FIELDS = b"connection: upgrade\r\nupgrade: websocket\r\n"


def forwarded_fields(block: bytes, forward: Forward, request_id: str) -> bytes:
    """Return the field lines that the service gets: the client's that go on, and what rules add."""
    # Before the id is added: clients repeat their block, and what was left of it is remembered.
    if forward.extra:
        # `If_Match: *` would be one variable with our `If-Match` to a WSGI service.
        block = without(block, forward.without | names(forward.extra)) + forward.extra
    elif forward.without:
        block = without(block, forward.without)
    return block + b"yett-request-id: %b\r\n" % request_id.encode()


def forwarded_method(x: Exchange, forward: Forward) -> str:
    """Whether a HEAD may be answered is decided on what a GET would have had in its body."""
    checked = x.plan is not None and x.plan.checks is not None
    return "GET" if checked and forward.method == "HEAD" else forward.method


class Sending(Answer):
    """Sends one request to its upstream.

    Attributes:
        retried: the one retry was made.
        streamed: the request's body is not in `payload`, so it can be sent once only.
        due: when all that the request needs of the service must be there, on the gate's clock; 0
            while nothing has been asked of it before forwarding.
    """

    __slots__ = ("due", "retried", "streamed")

    due: float

    def send(self, forward: Forward) -> None:
        """Send the request on, all of it or, where no rule reads the body, its head."""
        plan = self.x.plan
        assert plan is not None
        self.retried = self.streamed = False
        self.upstream_status = 0
        framing, body = self._frame(forward.body)
        if plan.operation.websocket:
            problem = check_handshake(self.head, self.current.program.policy.config.cors.origins)
            if problem is not None:
                self.fail(problem)
                return
            self.upgrading = True
            framing = _SWITCH_FIELDS
        pool = self.current.pools[forward.upstream]
        block, method = self.head.passed.block, forward.method
        if plan.checks is None and not forward.without and not forward.extra:  # nearly all of them
            block += b"yett-request-id: %b\r\n" % self.x.request.id.encode()
            if plan.operation.pages:
                block += introduce(self.x.request, self.connection.gate.introduction)
        else:
            block = forwarded_fields(block, forward, self.x.request.id)
            method = forwarded_method(self.x, forward)
        self.bodiless = method == "HEAD"
        self.payload = (
            serialize.request_head(method, forward.target, pool.host, block, framing) + body
        )
        self.await_response()
        pool.take(self)

    def await_response(self) -> None:
        """Give the upstream its time, from now on or from when it was first asked for a record."""
        connection, plan = self.connection, self.x.plan
        assert plan is not None
        now = connection.gate.clock.now
        if self.due > now:
            connection.deadline = self.due
        else:
            # As `patience`, which costs a call.
            timeout = plan.operation.timeout or self.current.settings.upstream_timeout
            connection.deadline = now + timeout

    def patience(self) -> float:
        """Seconds that the service has for this operation."""
        assert self.x.plan is not None
        return self.x.plan.operation.timeout or self.current.settings.upstream_timeout

    def _frame(self, body: bytes | None) -> tuple[bytes, bytes]:
        """Choose the framing for the upstream; chunks only for a stream that came in chunks."""
        if body:
            return b"content-length: %d\r\n" % len(body), body
        head = self.head
        length = head.fields.length
        if length != 0 and self.body is None:
            self.more = self.streamed = True
            return serialize.CHUNKED if length is None else b"content-length: %d\r\n" % length, b""
        if head.method in HAS_BODY or b"content-length" in head.passed.headers:
            return b"content-length: 0\r\n", b""
        return b"", b""

    def retry(self) -> bool:
        """Send the request once more on a new connection; False where it must not be."""
        assert self.x.plan is not None
        idempotent = self.x.plan.operation.idempotent or self.head.method in _IDEMPOTENT
        # A connection that had carried a request may have been closed before this one arrived; a
        # new one that closes without a word has read it. A body that was streamed is gone: a head
        # alone would make the next request of anybody on that connection its body (CWE-444).
        if not idempotent or not self.reused or self.retried or self.streamed:
            return False
        if self.x.approval:
            return False  # it was approved to run once, and may have
        self.retried = True
        self.pool().take(self, fresh=True)
        return True

    def withhold(self, problem: Problem) -> None:
        """Refuse after all: the service answered, and its answer may not leave (step 14)."""
        assert self.decision is not None
        self.decision = replace(
            self.decision, verdict=Verdict.REFUSE, step=RELEASE_STEP, problem=problem
        )
        self.write_problem(problem)

    def fail(self, problem: Problem, status: int = 0) -> None:
        """Answer an allowed request with a problem of the way, and record it with its code."""
        assert self.decision is not None
        self.decision = replace(self.decision, problem=problem)
        self.write_problem(problem, status)

    def give_up(self) -> None:
        """Let go of the upstream; a connection inside a response is never pooled."""
        if self.given_up or self.decision is None or self.decision.forward is None:
            return
        if self.locks and not self.upstream_status:
            part(self)
        self.pool().give_up(self)

    def pool(self) -> Pool:
        """The connections to this request's upstream."""
        assert self.decision is not None
        assert self.decision.forward is not None
        return self.current.pools[self.decision.forward.upstream]
