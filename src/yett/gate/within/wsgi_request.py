"""One request in a WSGI service: decided, passed to the application, its answer released.

The application is called in the server's own thread. Its answer is an iterable that is pulled as
the server pulls; what rules must read is pulled whole before the server gets a byte.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from yett.gate.asking import QUESTION_SECONDS
from yett.gate.within.answering import Answering, BrokenError
from yett.gate.within.outgoing import Fields, forwarded
from yett.gate.within.standing import ended
from yett.gate.within.visit import Visit
from yett.gate.within.writing import Out, refused, whole
from yett.gate.within.wsgi_asking import App, Asking, Head, StartResponse, close, read_head
from yett.gate.within.wsgi_environ import Environ, call_environ
from yett.gate.within.wsgi_input import Body, ClientLeftError
from yett.gate.within.wsgi_loop import LoopThread
from yett.problems import (
    MALFORMED_REQUEST,
    UPSTREAM_BROKEN,
    UPSTREAM_FAILED,
    Problem,
)
from yett.terms import Decision, Forward
from yett.wire import serialize


class Served:
    """The answer to one request, as the server's iterable.

    Args:
        visit: the request.
        app: the application.
        environ: as the server made it.
        start: the server's `start_response`.
        loop: the loop of this process.
    """

    def __init__(
        self, visit: Visit, app: App, environ: Environ, start: StartResponse, loop: LoopThread
    ) -> None:
        self._visit = visit
        self._app = app
        self._environ = environ
        self._start = start
        self._loop = loop
        self._body = Body(visit, environ)
        self._asking = Asking(visit, app, environ, self._body, loop)
        self._answering: Answering
        self._write: Callable[[bytes], object]
        self._begun = self._calling = False
        self._waiting: list[bytes] = []
        self._head: Head | None = None
        self._pieces: Iterable[bytes] = ()
        self._pulled: Iterator[bytes] | None = None

    def begin(self) -> None:
        """Decide, call the application, and go on until the head of the answer is out."""
        try:
            decision = self._asking.run(self._visit.decide())
            while (forward := self._carry_out(decision)) is not None:
                self._forward(forward)
                if not self._answering.again:
                    return
                close(self._pieces)
                self._pieces, self._pulled = (), None
                decision = self._asking.run(self._visit.decide_again())
        except ClientLeftError:
            self._visit.left()
            self._emit(Out(400, [], b"", done=True))  # nobody reads it
        except BaseException:
            self.close()
            raise

    def _carry_out(self, decision: Decision) -> Forward | None:
        """Answer, or say what to send on."""
        visit = self._visit
        problem = decision.problem
        if problem is None and decision.reply is not None:
            status, fields = decision.reply
            self._emit(whole(visit, status, serialize.lines(fields), decision.content))
            return None
        if problem is None and visit.x.plan is not None and visit.x.plan.operation.websocket:
            problem = MALFORMED_REQUEST("this operation is a WebSocket, which WSGI does not speak")
            visit.blame(problem)
        if problem is not None:
            self._emit(refused(visit, problem))
            return None
        return decision.forward

    def _forward(self, forward: Forward) -> None:
        """Call the application once, until something of its answer is there."""
        self._answering = Answering(self._visit, forward)
        self._head = None
        self._calling = False
        call = forwarded(self._visit, forward)
        body = io.BytesIO(call.body) if call.body is not None else io.BufferedReader(self._body)
        environ = call_environ(self._environ, call, body)
        try:
            self._calling = True
            self._pieces = self._app(environ, self._take_head)
            self._calling = False
            self._pulled = iter(self._pieces)
        except Exception as error:  # noqa: BLE001 — whatever the application does
            self._fail(error)
            return
        while not (self._answering.done or self._begun):
            self._pull()

    def _take_head(
        self, status: str, headers: list[tuple[str, str]], error: Any = None
    ) -> Callable[[bytes], object]:
        """Take a head, as the application's `start_response`; it counts once a byte follows."""
        if self._answering.begun or (self._head is not None and error is None):
            if error is not None:
                raise error[1].with_traceback(error[2])
            raise AssertionError("the headers were set already")
        self._head = read_head(status, headers)
        return self._feed

    def _pull(self) -> None:
        """Take one more piece of the answer."""
        assert self._pulled is not None
        try:
            self._expire()
            piece = next(self._pulled, None)
            self._feed(piece if piece is not None else b"", complete=piece is None)
        except BrokenError:
            raise
        except Exception as error:  # noqa: BLE001 — whatever the application does
            self._fail(error)

    def _expire(self) -> None:
        """End a stream whose credential is good no longer."""
        x = self._visit.x
        stream = x.plan is not None and x.plan.operation.stream_response
        if not (stream and self._answering.streams):
            return
        problem = ended(self._visit, "answer was streamed")
        if problem is not None:
            with self._visit.core.guard:
                self._answering.fail(problem)

    def _feed(self, data: bytes, *, complete: bool = False) -> None:
        """Take bytes of the answer; the first, or its end, settle the head."""
        answering, guard = self._answering, self._visit.core.guard
        if self._body.refused is not None or not (data or complete):
            return
        if not answering.begun and self._head is not None:
            with guard:
                answering.take_head(*self._head)
            if answering.asks is not None:
                self._witness()
            with guard:
                out = answering.start()
            self._emit(out)
        if not complete or answering.begun:
            with guard:
                out = answering.take(bytes(data), complete=complete)
            self._emit(out)
        elif not answering.done:
            with guard:
                out = answering.fail(UPSTREAM_BROKEN(note="the service gave no answer"))
            self._emit(out)

    def _witness(self) -> None:
        """Have the outcome of a sensitive operation on disk before a byte of it leaves."""
        event, durable = self._answering.asks, False
        assert event is not None
        core = self._visit.core
        try:
            durable = self._loop.ask(core.sink.durable(event), QUESTION_SECONDS)
        except Exception as error:  # noqa: BLE001 — a recorder's failure is a no
            core.on_error(error)
        self._answering.hear(durable=durable)

    def _fail(self, error: Exception) -> None:
        """Answer for an application that failed; what has begun is broken off."""
        visit = self._visit
        problem: Problem = UPSTREAM_FAILED(note=f"the service failed with {type(error).__name__}")
        if self._body.refused is not None:
            problem = self._body.refused
        elif isinstance(error, ClientLeftError):
            problem = UPSTREAM_BROKEN(note="the client left")
        else:
            visit.core.report(error)
        if self._answering.done:
            return
        with visit.core.guard:
            out = self._answering.fail(problem)
        self._emit(out)

    def _emit(self, out: Out | None) -> None:
        if out is None:
            return
        if out.status:
            phrase = HTTPStatus(out.status).phrase if out.status in _KNOWN else "Unknown"
            self._begun = True
            self._write = self._start(f"{out.status} {phrase}", text_fields(out.fields))
        if out.body and self._calling:
            self._write(out.body)  # by the application's own `write`: it is not to be held
        elif out.body:
            self._waiting.append(out.body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._waiting:
            if self._pulled is None or self._answering.done:
                self.close()
                raise StopIteration
            try:
                self._pull()
            except BaseException:
                self.close()
                raise
        return self._waiting.pop(0)

    def close(self) -> None:
        """End: the application is told, the event recorded, records are let go; once."""
        pieces, self._pieces, self._pulled = self._pieces, (), None
        visit = self._visit
        try:
            close(pieces)
        finally:
            with visit.core.guard:
                visit.settle()
            held, visit.held = visit.held, ()
            for one in held:
                self._loop.post(one.release)


def text_fields(fields: Fields) -> list[tuple[str, str]]:
    """Write fields as a WSGI server takes them: no hop-by-hop fields (PEP 3333)."""
    return [(n.decode("latin-1"), v.decode("latin-1")) for n, v in fields if n != b"connection"]


_KNOWN = frozenset(status.value for status in HTTPStatus)
