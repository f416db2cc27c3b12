"""One client connection: reads heads one at a time, bounds what it holds, and ends in good order.

Plain callbacks, no task. While a request is under way what the client sends ahead waits (and after
`MAX_AHEAD_BYTES` stays in the socket), so a pipeline is served one by one. What becomes of a
request is `gate/call.py`. RFC 9112 s9.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, cast

from yett.gate.call import Call
from yett.gate.refusal import refuse_unread
from yett.problems import REQUEST_TIMEOUT, Problem
from yett.wire.clock import NEVER
from yett.wire.forwarding import Hop, Peer, canonical_address, is_trusted
from yett.wire.http1 import RequestReader
from yett.wire.link import HIGH_WATER_BYTES

if TYPE_CHECKING:
    from yett.gate.edge import Gate
    from yett.terms import Certificate

MAX_AHEAD_BYTES = 64 * 1024
# After a refusal the rest of the request is read and thrown away for a moment: closing a socket
# with unread bytes makes the kernel send RST, which can overtake the answer (RFC 9112 s9.6).
LINGER_SECONDS = 2.0
MAX_LINGER_BYTES = 1 << 20
# Heads answered in one turn of the loop: a read of 256 KB holds 8,000 requests that are refused at
# once, which would keep everybody else waiting for 0.5 s. Beside 8 connections that flood, a call
# takes 1.4 ms (p99 3.0); with 32 heads a turn it took 9.8 ms (p99 64; bench/hostile.py).
HEADS_A_TURN = 4


class State(Enum):
    """What the bytes that come in now are."""

    HEAD = 0
    BUSY = 1
    BODY = 2
    TUNNEL = 3
    LINGER = 4


# Attribute access on an enum class costs 20 ns a read.
HEAD, BUSY, BODY, TUNNEL, LINGER = State


class Connection(asyncio.Protocol):
    """The protocol of one accepted socket.

    Attributes:
        gate: what connections share.
        transport: the socket; None before and after.
        reader: the bytes not used yet.
        state: what comes in now.
        peer: the other end.
        deadline: when `expire` is called.
        requests: heads read so far.
        ended: the client has sent its last byte.
        certificate: what the client has shown, None where it showed none or is a trusted proxy.
        retiring: what is under way is the last.
    """

    __slots__ = (
        "_advancing",
        "_begun",
        "_call",
        "_discarded",
        "_full",
        "_paused",
        "_resting",
        "_unsent",
        "certificate",
        "deadline",
        "ended",
        "gate",
        "peer",
        "reader",
        "requests",
        "retiring",
        "state",
        "transport",
    )

    reader: RequestReader
    peer: Peer

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.transport: asyncio.Transport | None = None
        self.state = HEAD
        self.deadline = NEVER
        self.requests = 0
        self.ended = False
        self.certificate: Certificate | None = None
        self.retiring = False
        self._call: Call | None = None
        self._begun = False
        self._advancing = False
        self._paused = False
        self._full = False  # the client does not read: nothing more is answered until it does
        self._resting = False  # others have their turn first
        self._discarded = 0
        self._unsent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection; one too many is closed without a word."""
        gate = self.gate
        settings = gate.current.settings
        self.transport = stream = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        address = canonical_address(name[0] if isinstance(name, tuple) else "")
        secure = transport.get_extra_info("sslcontext") is not None
        self.peer = Peer(address, secure, is_trusted(address, settings.trusted))
        hop = Hop(self.peer, settings.trusted, gate.pseudonym, settings.client_cert)
        self.reader = RequestReader(hop, gate.blocks)
        most = NEVER if self.peer.trusted else settings.max_connections_per_ip
        if (
            gate.draining
            or len(gate.connections) >= settings.max_connections
            or not gate.sources.enter(address, most)
        ):
            self.state = LINGER
            stream.abort()
            return
        shown = transport.get_extra_info("ssl_object") if secure else None
        if shown is not None and not gate.certified.enter(self, shown):
            gate.sources.leave(address)
            self.state = LINGER
            stream.abort()
            return
        stream.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        gate.connections.add(self)
        gate.clock.watch(self)
        self.deadline = gate.clock.now + settings.head_timeout

    def data_received(self, data: bytes) -> None:
        """Take what came in for what it is now."""
        state = self.state
        if state is HEAD and not self._resting and not self._full:
            self.reader.feed(data)
            self._advance()
        elif state is LINGER:
            self._discarded += len(data)
            if self._discarded > MAX_LINGER_BYTES:
                self.abort()
        elif state is TUNNEL:
            assert self._call is not None
            assert self._call.tunnel is not None
            self._call.tunnel.from_client(data)
        else:
            self.reader.feed(data)
            if state is BODY:
                assert self._call is not None
                self._call.body_received()
            elif self._ahead() > MAX_AHEAD_BYTES:
                self.hold_reading(hold=True)

    def _ahead(self) -> int:
        return len(self.reader.data) - self.reader.at

    def _advance(self) -> None:
        """Start what can be started; a refusal may end at once, so this is a loop.

        It stops where the client does not take its answers: 30 MB of refused requests, none of
        whose answers was read, made the gate hold 560 MB.
        """
        self._advancing = True
        last = self.requests + HEADS_A_TURN
        while self.state is HEAD and not self._full:
            if self.requests >= last:
                self._resting = True
                asyncio.get_running_loop().call_soon(self._go_on)
                break
            head = self.reader.next_head()
            if head is None:
                self._await_head()
                break
            if isinstance(head, Problem):
                refuse_unread(self, head)
                break
            self.state = BUSY
            self._begun = False
            self.requests += 1
            self._call = call = Call(self, head)
            call.begin()
        self._advancing = False

    def _go_on(self) -> None:
        """Take up again what was held back, when the others or the client had their turn."""
        self._resting = False
        if self.state is HEAD and not self._full:
            self._advance()

    def _await_head(self) -> None:
        if self.ended:
            self.close(linger=False)
            return
        self.hold_reading(hold=False)
        if not self._begun and self.reader.at < len(self.reader.data):
            # From the first byte of the head to its last, however they dribble (slowloris).
            self._begun = True
            self.deadline = self.gate.clock.now + self.gate.current.settings.head_timeout

    def read_body(self, *, reading: bool) -> None:
        """Take what comes in for the request's body, or no longer."""
        self.state = BODY if reading else BUSY
        if reading:
            self.hold_reading(hold=False)  # what came ahead of a question may have stopped it

    def begin_tunnel(self) -> None:
        """Take what comes in for opaque bytes from now on."""
        self.state = TUNNEL
        reader, call = self.reader, self._call
        assert call is not None
        assert call.tunnel is not None
        if reader.at < len(reader.data):
            call.tunnel.from_client(reader.data[reader.at :])
            reader.at = len(reader.data)
        self.hold_reading(hold=False)

    def done(self, *, persist: bool) -> None:
        """Hear from the call that its response is written."""
        call, self._call = self._call, None
        if not persist:
            self.close(linger=call is None or not call.body_used_up())
            return
        self.state = HEAD
        self.deadline = self.gate.clock.now + self.gate.current.settings.idle_timeout
        self.reader.rest()
        if self._paused and not self._full and self._ahead() <= MAX_AHEAD_BYTES:
            self.hold_reading(hold=False)
        if self.gate.draining or self.retiring:
            self.close(linger=False)
        elif not self._advancing and (self.reader.data or self.ended):
            self._advance()

    def close(self, *, linger: bool = True) -> None:
        """End after what is written; `linger` where bytes of the client may still be coming."""
        if self.transport is None or self.state is LINGER:
            return
        self.state = LINGER
        self.deadline = self.gate.clock.now + LINGER_SECONDS
        self._unsent = self.transport.get_write_buffer_size()
        half = self.transport.can_write_eof()  # TLS cannot: there the client's end is waited for
        if self.ended or not (half or linger):
            self.transport.close()
            return
        self.hold_reading(hold=False)
        if half:
            self.transport.write_eof()

    def abort(self) -> None:
        """End now, with a reset where bytes are outstanding."""
        if self.transport is not None:
            self.state = LINGER
            self.transport.abort()

    def drain(self) -> None:
        """End now if nothing is under way or what is would go on for ever; else `done` will."""
        if self.state is HEAD:
            self.close(linger=False)
        elif self._call is not None:
            self._call.leave()

    def retire(self) -> None:
        """Serve nothing more on this connection than what is under way."""
        self.retiring = True
        self.drain()

    def hold_reading(self, *, hold: bool) -> None:
        """Stop or go on reading from the client."""
        transport = self.transport
        if hold is not self._paused and transport is not None and not transport.is_closing():
            self._paused = hold
            if hold:
                transport.pause_reading()
            else:
                transport.resume_reading()

    def expire(self, now: float) -> None:
        """Act on the deadline that has passed."""
        self.deadline = NEVER
        if self._call is not None:
            self._call.timed_out()
        elif self.state is HEAD and self._begun:
            refuse_unread(self, REQUEST_TIMEOUT(close=True))
        elif self.state is LINGER and self._still_takes():
            self.deadline = now + LINGER_SECONDS
        else:
            # Idle, or lingering: nobody waits for anything, and a stalled reader must not hold us.
            self.abort()

    def _still_takes(self) -> bool:
        """Whether the client goes on taking the end of its answer, at the least rate of a body."""
        before, self._unsent = self._unsent, 0
        if self.transport is not None:
            self._unsent = self.transport.get_write_buffer_size()
        taken = before - self._unsent
        return self._unsent > 0 and taken >= LINGER_SECONDS * self.gate.current.settings.body_rate

    def pause_writing(self) -> None:
        """Let the call know that the client reads slower than the upstream answers."""
        self._full = True
        if self._call is not None:
            self._call.client_writable(writable=False)

    def resume_writing(self) -> None:
        """Let the call know that the client has caught up."""
        self._full = False
        if self._call is not None:
            self._call.client_writable(writable=True)
        elif not self._resting and not self._advancing:
            self._go_on()

    def eof_received(self) -> bool:
        """Half-closed: the client sends no more, but may still read (keeps a request alive)."""
        self.ended = True
        held = self.state is BUSY or self._resting or self._full
        if held and self.state is not LINGER and not self.peer.secure:
            return True
        call = self._call
        if call is not None:
            call.client_gone()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is under way; nobody waits for it."""
        del exc
        gate = self.gate
        self.transport = None
        self.state = LINGER
        call, self._call = self._call, None
        if call is not None:
            call.client_gone()
        if self in gate.connections:
            gate.connections.discard(self)
            gate.clock.forget(self)
            gate.certified.leave(self)
            gate.sources.leave(self.peer.address)
            gate.settle()
