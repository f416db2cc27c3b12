"""A child process with a line to its parent: fork, messages both ways, its end.

Fork without exec, from a process that has one thread and no event loop: the compiled contract is
shared copy-on-write (docs/adr on processes has the measurement). Knows nothing of gateways.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from yett.cli.journal import Journal, place

MAX_MESSAGE_BYTES = 65_536
CRASHED = 70  # sysexits EX_SOFTWARE
Message = dict[str, Any]


class Closable(Protocol):
    """Anything that holds a descriptor."""

    def close(self) -> None:
        """Let go of it."""


class Channel:
    """One end of the line: whole JSON messages over a SOCK_SEQPACKET pair.

    The end of the parent is the end of the line, so a child never outlives its supervisor unseen.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.closed = False
        sock.setblocking(False)

    def fileno(self) -> int:
        """The descriptor, for selectors and loops."""
        return self._sock.fileno()

    def send(self, message: Message) -> bool:
        """Send without waiting; False when the other end is gone or does not read."""
        try:
            self._sock.send(json.dumps(message).encode())
        except OSError:
            return False
        return True

    def receive(self) -> Message | None:
        """The next message, `{}` when there is none yet, None when the other end is gone."""
        try:
            data = self._sock.recv(MAX_MESSAGE_BYTES)
        except BlockingIOError:
            return {}
        except OSError:
            return None
        return json.loads(data) if data else None

    def wait(self, seconds: float) -> Message | None:
        """Wait for the next message; `{}` after `seconds` without one."""
        until = time.monotonic() + seconds
        while True:
            message = self.receive()
            left = until - time.monotonic()
            if message != {} or left <= 0:
                return message
            select.select([self._sock], [], [], left)

    def close(self) -> None:
        """Close this end."""
        self.closed = True
        self._sock.close()


class Child:
    """A running child: its process id, the parent's end of its line, when it began and spoke."""

    def __init__(self, role: str, pid: int, channel: Channel) -> None:
        self.role = role
        self.pid = pid
        self.channel = channel
        self.born = self.heard = time.monotonic()
        self.ready = False

    def kill(self, number: int) -> None:
        """Send it a signal; it may have ended already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def fork(
    role: str,
    run: Callable[[Channel], int],
    journal: Journal,
    closing: Iterable[Closable] = (),
) -> Child:
    """Fork a child that runs `run` and exits with its answer.

    Args:
        role: its name in the log.
        run: called in the child with its end of the line.
        journal: the child's own, with its role.
        closing: descriptors of other children that this one must not hold open.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return Child(role, pid, Channel(ours))
    code = CRASHED
    try:
        ours.close()
        for other in closing:
            other.close()
        _reset_signals()
        _call_it(role)
        code = run(Channel(theirs))
    except BaseException as error:  # noqa: BLE001 — the child must never run its parent's code on
        journal.write("crashed", error=type(error).__name__, at=place(error))
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


def reap() -> list[tuple[int, int]]:
    """Collect ended children as (pid, exit code); a signal is its negative number."""
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, os.waitstatus_to_exitcode(status)))


def _call_it(role: str) -> None:
    """Name the process for `ps -o comm`; the kernel keeps 15 bytes."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"yett {role}"[:15], encoding="ascii")


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C goes to the whole foreground group; only the supervisor decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
