"""How a recorder learns that it is to stop: SIGTERM becomes a byte on a socket it selects on.

A signal handler that only writes a byte cannot interrupt a commit half way.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def asked() -> Iterator[socket.socket]:
    """Give a socket that becomes readable at SIGTERM; in another thread than the main one, never.

    SIGINT is ignored meanwhile; both handlers are put back afterwards.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    with reader, writer:
        if threading.current_thread() is not threading.main_thread():
            yield reader
            return

        def wake(_number: int, _frame: object) -> None:
            with contextlib.suppress(BlockingIOError):
                writer.send(b"x")

        before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, wake),
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        }
        try:
            yield reader
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
