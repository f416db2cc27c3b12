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
import socket
import time
from collections.abc import Callable
from typing import Protocol, Self

from yett.cli.children import Channel, Child, Closable, Message, fork, reap
from yett.cli.journal import Journal
from yett.cli.slots import Slot, StartError

START_SECONDS = 60.0
TICK_SECONDS = 0.5
# Beyond the drain: what a worker needs to hand its last records over.
CLOSING_SECONDS = 6.0
RECORDER_SECONDS = 10.0
_STOPS = (signal.SIGTERM, signal.SIGINT)
_HANDLED = (*_STOPS, signal.SIGHUP, signal.SIGCHLD)


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
        self._drain_seconds = drain_seconds
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = socket.socketpair()
        self._others: dict[int, Child] = {}
        self._stops = 0
        self._deadline = 0.0
        self._cut = False
        self._recorder_asked = False

    def __enter__(self) -> Self:
        """Take over the signals: from here on none of them ends the process by itself."""
        for end in (self._woken, self._wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in _HANDLED:
            signal.signal(number, _noted)
        self._selector.register(self._woken, selectors.EVENT_READ)
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
        for slot in self._workers:
            self._await(slot)

    def serve(self, operator: Operator) -> int:
        """Run until told to stop and all have ended; answers 0, or 3 when requests were cut."""
        while not self._stops or self._living():
            for key, _ in self._selector.select(TICK_SECONDS):
                if key.fileobj is self._woken:
                    self._take_signals(operator)
                else:
                    self._hear(key.data, operator)
            for pid, code in reap():
                self._bury(pid, code, operator)
            self._refill()
            if self._stops:
                self._take_down()
            else:
                operator.tick()
        return 3 if self._cut else 0

    def spawn(self, role: str, run: Callable[[Channel], int]) -> Child:
        """Fork a child that holds no slot, such as the checker of a new contract."""
        child = self._fork(role, run)
        self._others[child.pid] = child
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
        held += [self._woken, self._wake, self._selector]
        held += [child.channel for child in self._living() if not child.channel.closed]
        child = fork(role, run, self._journal.named(role), held)
        self._selector.register(child.channel, selectors.EVENT_READ, child)
        return child

    def _living(self) -> list[Child]:
        slots = (self._recorder, *self._workers)
        return [slot.child for slot in slots if slot.child] + list(self._others.values())

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
            if set(_STOPS) & set(self._signalled()):
                raise StartError("stopped while starting")
        raise StartError(f"the {slot.role} was not ready after {START_SECONDS:.0f} s")

    def _signalled(self) -> bytes:
        try:
            return self._woken.recv(64)
        except BlockingIOError:
            return b""

    def _take_signals(self, operator: Operator) -> None:
        for number in self._signalled():
            if number in _STOPS:
                self._stop(signal.Signals(number).name)
            elif number == signal.SIGHUP and not self._stops:
                operator.hang_up()

    def _stop(self, why: str) -> None:
        self._stops += 1
        at_once = self._stops > 1
        self._journal.write("stopping", signal=why, at_once=at_once)
        now = time.monotonic()
        self._deadline = now if at_once else now + self._drain_seconds + CLOSING_SECONDS
        for slot in self._workers:
            if slot.child:
                slot.child.channel.send({"do": "drain"})
        for door in self._doors:
            door.close()

    def _take_down(self) -> None:
        """Workers first; when the last is gone, or its time is over, the recorder."""
        late = time.monotonic() >= self._deadline
        gate = [child for child in self._living() if child is not self._recorder.child]
        if gate and late:
            self._cut = True
            for child in gate:
                self._journal.write("cut", child=child.role, pid=child.pid)
                child.kill(signal.SIGKILL)
            self._deadline = time.monotonic() + RECORDER_SECONDS
        elif not gate and self._recorder.child:
            self._end_recorder(self._recorder.child, late=late)

    def _end_recorder(self, child: Child, *, late: bool) -> None:
        if not self._recorder_asked:
            self._recorder_asked = True
            child.kill(signal.SIGTERM)
            self._deadline = time.monotonic() + RECORDER_SECONDS
        elif late:
            self._journal.write("cut", child=child.role, pid=child.pid)
            child.kill(signal.SIGKILL)

    def _hear(self, child: Child, operator: Operator) -> None:
        while not child.channel.closed:
            message = child.channel.receive()
            if message is None:
                self._forget(child)
            elif not message:
                return
            elif message.get("ready"):
                child.ready = True
                self._journal.write("ready", child=child.role, pid=child.pid)
            else:
                operator.heard(child, message)

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
        if self._others.pop(pid, None) is None:
            slot = next(s for s in (self._recorder, *self._workers) if s.child is child)
            delay = slot.vacate()
            what = "stopped" if self._stops else "died"
            if self._stops and code and slot is not self._recorder:
                self._cut = True
            self._journal.write(what, child=slot.role, pid=pid, code=code, delay=delay)
        operator.ended(child)

    def _refill(self) -> None:
        """Replace who died; while workers drain, only the recorder, for what they still say."""
        slots: tuple[Slot, ...] = (self._recorder, *self._workers)
        if self._stops:
            slots = slots[:1] if any(slot.child for slot in self._workers) else ()
        now = time.monotonic()
        for slot in slots:
            if slot.child is None and slot.due is not None and slot.due <= now:
                self._fill(slot)
                self._journal.write("started", child=slot.role)


def _noted(_number: int, _frame: object) -> None:
    """Do nothing: the number arrives through the wakeup descriptor."""
