"""The supervisor's signals, as bytes on a socket that its one loop selects on.

A handler that does nothing but let the number arrive here interrupts nothing half way
(signal.set_wakeup_fd). Never decides what a signal means.
"""

from __future__ import annotations

import signal
import socket

STOPS = (signal.SIGTERM, signal.SIGINT)
_HANDLED = (*STOPS, signal.SIGHUP, signal.SIGCHLD)
_MOST_AT_ONCE = 64


class Signals:
    """Takes the signals over with `take`; a child that is forked closes its copy."""

    def __init__(self) -> None:
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def fileno(self) -> int:
        """What becomes readable when a signal came."""
        return self._woken.fileno()

    def take(self) -> None:
        """From here on none of them ends the process by itself."""
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in _HANDLED:
            signal.signal(number, _noted)

    def came(self) -> tuple[int, ...]:
        """The numbers of the signals since the last time."""
        try:
            return tuple(self._woken.recv(_MOST_AT_ONCE))
        except BlockingIOError:
            return ()

    def close(self) -> None:
        """Let go of the sockets."""
        self._woken.close()
        self._wake.close()


def _noted(_number: int, _frame: object) -> None:
    """Do nothing: the number arrives through the wakeup descriptor."""
