"""A write whose client or time is gone, while its record is held: the service may still do it.

Letting go of the record at once would let the next writer read what is about to change, and be
permitted by it. So the connection to the service outlives the request, and with it the hold on the
record, until the service has answered or broken off, or has had the operation's time once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.wire.errand import Errand, Failure

if TYPE_CHECKING:
    from yett.gate.edge import Gate
    from yett.gate.sending import Sending
    from yett.state.locks import Held
    from yett.wire.pool import Pool
    from yett.wire.response import ResponseHead


def part(sending: Sending) -> None:
    """Take over the connection and the records of a request that has been sent whole.

    One that has not left, or whose body breaks off here, changes nothing at the service: then
    nothing is taken over.
    """
    link = sending.link
    if link is None or sending.more:
        return
    sending.link = None
    locks, sending.locks = sending.locks, ()
    parting = Parting(sending.connection.gate, sending.pool(), locks, sending.patience())
    parting.bodiless = sending.bodiless
    parting.link, link.errand = link, parting
    parting.pool.count_again(link)
    link.hold(hold=False)


class Parting(Errand):
    """What is left of the request.

    Args:
        gate: waits for it when it drains.
        pool: the upstream's connections.
        locks: the records that are held.
        seconds: the most that the service gets.
    """

    __slots__ = ("_gate", "_locks", "deadline", "pool")

    def __init__(self, gate: Gate, pool: Pool, locks: tuple[Held, ...], seconds: float) -> None:
        super().__init__()
        self._gate = gate
        self._locks = locks
        self.pool = pool
        self.deadline = gate.clock.now + seconds
        gate.partings.add(self)
        gate.clock.watch(self)

    def upstream_head(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The service has done it, or has not: it answers."""
        del head, body, complete
        self._end()

    def upstream_failed(self, failure: Failure, note: str) -> None:
        """The service has broken off."""
        del failure, note
        self._end()

    def expire(self, now: float) -> None:
        """The time is over, or the gate is."""
        del now
        self._end()

    def _end(self) -> None:
        self.pool.give_up(self)
        for held in self._locks:
            held.release()
        self._locks = ()
        self._gate.clock.forget(self)
        self._gate.partings.discard(self)
        self._gate.settle()
