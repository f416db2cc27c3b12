from __future__ import annotations

import os
import select
import signal
import threading

from yett.records import stop


def readable(woken):
    return bool(select.select([woken], [], [], 0)[0])


def test_sigterm_wakes_and_nothing_else_happens():
    """SIGTERM makes the socket readable, many times or once, and does not end the process."""
    with stop.asked() as woken:
        assert not readable(woken)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert readable(woken)


def test_sigint_is_ignored_and_handlers_come_back():
    """Ctrl-C does nothing meanwhile; afterwards the handlers are those from before."""
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
    with stop.asked() as woken:
        os.kill(os.getpid(), signal.SIGINT)
        assert not readable(woken)
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)] == before


def test_outside_the_main_thread():
    """In another thread no handler can be set; the socket just stays quiet."""
    seen = []

    def use():
        with stop.asked() as woken:
            seen.append(readable(woken))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [False]
