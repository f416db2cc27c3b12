"""The supervisor: keeps one recorder and the workers alive, and takes them down in order.

One thread and no event loop, so that fork is safe at any time. Recorder first, and last to go:
what workers still have to say is written. Knows roles, not gateways: what a message means, and
what a SIGHUP does, is the `Operator`'s.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable
from typing import Protocol, Self

from yett.cli.children import Channel, Child, Closable, Message, fork, reap
from yett.cli.journal import Journal
from yett.cli.signals import STOPS, Signals
from yett.cli.slots import Slot, StartError
from yett.cli.takedown import Takedown

START_SECONDS = 60.0
TICK_SECONDS = 0.5
# A worker says once a second that its loop turns. One that is silent for so long hangs and is
# replaced: a half dead worker takes its share of new connections and answers none.
SILENT_SECONDS = 30.0
# A helper, such as the check of a contract: Stripe's compiles in 3 s on a slow core.
HELPER_SECONDS = 120.0


class Operator(Protocol):
    """What the composition root does with what happens."""

    def heard(self, child: Child, message: Message) -> None:
        """Take a message of a running child."""

    def ended(self, child: Child) -> None:
        """Learn that a child has ended."""

    def tick(self) -> None:
        """Do what is due; called about twice a second."""

    def hang_up(self) -> None:
        """Take a SIGHUP."""


class Supervisor:
    """Starts the slots and keeps them filled.

    Args:
        recorder: started first, stopped last.
        workers: the others.
        journal: where the lifecycle is written.
        drain_seconds: how long stopping workers may finish what is under way.
        doors: all listening sockets, held open for workers yet to come and closed by a stop.
    """

    def __init__(
        self,
        recorder: Slot,
        workers: tuple[Slot, ...],
        journal: Journal,
        drain_seconds: float,
        doors: tuple[Closable, ...] = (),
    ) -> None:
        self._doors = doors
        self._recorder = recorder
        self._workers = workers
        self._journal = journal
        self.drain_seconds = drain_seconds
        self._selector = selectors.DefaultSelector()
        self._signals = Signals()
        self._takedown = Takedown(journal)
        self._helpers: dict[int, Child] = {}
        self._leaving: dict[int, Child] = {}
        self._turned = time.monotonic()

    def __enter__(self) -> Self:
        """Take over the signals: from here on none of them ends the process by itself."""
        self._signals.take()
        self._selector.register(self._signals, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no child behind, whatever happened."""
        for child in self._living():
            child.kill(signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)

    def start(self) -> None:
        """Start the recorder, then all workers, and wait until each is ready.

        Raises:
            StartError: one of them said why it cannot, or ended, or took too long.
        """
        self._fill(self._recorder)
        self._await(self._recorder)
        for slot in self._workers:
            self._fill(slot)
            if slot.first:
                self._await(slot)
        for slot in self._workers:
            if not slot.first:
                self._await(slot)

    def serve(self, operator: Operator) -> int:
        """Run until told to stop and all have ended; answers 0, or 3 when requests were cut."""
        stop = self._takedown
        while not stop.signals or self._living():
            for key, _ in self._selector.select(TICK_SECONDS):
                if key.fileobj is self._signals:
                    self._obey(operator)
                else:
                    self._hear(key.data, operator)
            for pid, code in reap():
                self._bury(pid, code, operator)
            self._refill()
            if stop.signals:
                stop.go_on(self._gate(), self._recorder.child)
            else:
                self._end_hanging()
                operator.tick()
        return 3 if stop.cut else 0

    def spawn(self, role: str, run: Callable[[Channel], int]) -> Child:
        """Fork a child that holds no slot, such as the checker of a new contract."""
        child = self._fork(role, run)
        self._helpers[child.pid] = child
        return child

    def workers(self) -> tuple[Child, ...]:
        """The living workers; what is sent to one that is still starting waits in its line."""
        living = (slot.child for slot in self._workers)
        return tuple(child for child in living if child and not child.channel.closed)

    def _fill(self, slot: Slot) -> None:
        slot.fill(self._fork(slot.role, slot.run, slot.keeps))

    def _fork(
        self, role: str, run: Callable[[Channel], int], keeps: tuple[Closable, ...] = ()
    ) -> Child:
        # A listening socket that a process holds and does not serve would swallow connections.
        held: list[Closable] = [door for door in self._doors if door not in keeps]
        held += [self._signals, self._selector]
        held += [child.channel for child in self._living() if not child.channel.closed]
        child = fork(role, run, self._journal.named(role), held)
        self._selector.register(child.channel, selectors.EVENT_READ, child)
        return child

    def _gate(self) -> list[Child]:
        """All who may still have requests: in their slots, and those that leave."""
        here = [slot.child for slot in self._workers if slot.child]
        return here + list(self._leaving.values())

    def _living(self) -> list[Child]:
        recorder = [self._recorder.child] if self._recorder.child else []
        return recorder + self._gate() + list(self._helpers.values())

    def _await(self, slot: Slot) -> None:
        child, until = slot.child, time.monotonic() + START_SECONDS
        assert child is not None
        while time.monotonic() < until:
            message = child.channel.wait(0.01 if slot.reachable else 0.5)
            if message is None:
                raise StartError(f"the {slot.role} ended while it started")
            if "failed" in message:
                raise StartError(message["failed"], hint=message["hint"], code=message["code"])
            if message.get("ready") or (slot.reachable and slot.reachable()):
                child.ready = True
                return
            if set(STOPS) & set(self._signals.came()):
                raise StartError("stopped while starting")
        raise StartError(f"the {slot.role} was not ready after {START_SECONDS:.0f} s")

    def _obey(self, operator: Operator) -> None:
        for number in self._signals.came():
            if number in STOPS:
                self._stop(signal.Signals(number).name)
            elif number == signal.SIGHUP and not self._takedown.signals:
                operator.hang_up()

    def _stop(self, why: str) -> None:
        self._takedown.begin(why, self.workers(), self.drain_seconds)
        for helper in self._helpers.values():
            helper.kill(signal.SIGKILL)
        for door in self._doors:
            door.close()

    def _end_hanging(self) -> None:
        """Kill who does not turn any more; the next look finds it dead and replaces it."""
        now = time.monotonic()
        if now - self._turned > SILENT_SECONDS / 2:  # we did not turn either (SIGSTOP, suspend)
            for child in self._living():
                child.heard = now
        self._turned = now
        late = [
            child
            for child in self.workers()
            if now - child.heard > (SILENT_SECONDS if child.ready else START_SECONDS)
        ]
        late += [one for one in self._helpers.values() if now - one.born > HELPER_SECONDS]
        for child in late:
            self._journal.write("hangs", child=child.role, pid=child.pid)
            child.heard = child.born = now
            child.kill(signal.SIGKILL)

    def _hear(self, child: Child, operator: Operator) -> None:
        while not child.channel.closed:
            message = child.channel.receive()
            child.heard = time.monotonic()
            if message is None:
                self._forget(child)
            elif not message:
                return
            elif message.get("ready"):
                child.ready = True
                self._journal.write("ready", child=child.role, pid=child.pid)
            elif message.get("leaving"):
                self._let_go(child)
            elif "turns" not in message:
                operator.heard(child, message)

    def _let_go(self, child: Child) -> None:
        """Replace a worker that drains now, not when its last request has ended."""
        slot = next((one for one in self._workers if one.child is child), None)
        if slot is not None and not self._takedown.signals:
            self._leaving[child.pid] = child
            slot.release()

    def _forget(self, child: Child) -> None:
        self._selector.unregister(child.channel)
        child.channel.close()

    def _bury(self, pid: int, code: int, operator: Operator) -> None:
        child = next((one for one in self._living() if one.pid == pid), None)
        if child is None:
            return
        self._hear(child, operator)  # its last words may still be in the line
        if not child.channel.closed:
            self._forget(child)
        if self._leaving.pop(pid, None):
            self._journal.write("left", child=child.role, pid=pid, code=code)
        elif self._helpers.pop(pid, None) is None:
            self._vacate(child, code)
        operator.ended(child)

    def _vacate(self, child: Child, code: int) -> None:
        slot = next(s for s in (self._recorder, *self._workers) if s.child is child)
        delay, stopping = slot.vacate(), self._takedown.signals > 0
        if stopping and code and slot is not self._recorder:
            self._takedown.cut = True
        what = "stopped" if stopping else "died"
        self._journal.write(what, child=slot.role, pid=child.pid, code=code, delay=delay)

    def _refill(self) -> None:
        """Replace who died; while workers drain, only the recorder, for what they still say."""
        slots: tuple[Slot, ...] = (self._recorder, *self._workers)
        if self._takedown.signals:
            slots = slots[:1] if self._gate() else ()
        now = time.monotonic()
        for slot in slots:
            if slot.child is None and slot.due is not None and slot.due <= now:
                self._fill(slot)
                self._journal.write("started", child=slot.role)
