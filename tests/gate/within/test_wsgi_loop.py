"""The private loop: one in each process, begun late, ended with everything handed over."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest
from kit.within import Answer, environ, guarded_wsgi, plain

from yett.records.errors import LedgerError


def test_it_begins_with_the_first_request_and_ends_once(tmp_path):
    """No thread before, none after; closing twice is harmless."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, sink):
        before = threading.active_count()
        assert Answer(yett, environ(target="/echo")).status == 200
        assert threading.active_count() == before + 1
        yett.close()
        yett.close()
        assert len(sink.events) == 1
        assert Answer(yett, environ(target="/echo")).status == 200  # a server that goes on


def test_many_threads_begin_it_once(tmp_path):
    """The first requests of a process come together."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, sink):
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(Answer(yett, environ(target="/echo"))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        yett.close()
        assert [answer.status for answer in found] == [200] * 8
        assert len(sink.events) == 8


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_worker_has_its_own(tmp_path):
    """A server that forks after the first request leaves the child without threads."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, _sink):
        assert Answer(yett, environ(target="/echo")).status == 200
        child = os.fork()
        if not child:
            code = 1
            try:
                code = Answer(yett, environ(target="/echo")).status != 200
            finally:
                os._exit(int(code))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_cannot_start_serves_nothing(tmp_path):
    """Each request tries again, and fails; none is let through."""
    called = []
    with guarded_wsgi(tmp_path, lambda *_: called.append(1), small=True) as (yett, _sink):

        class Broken:
            async def start(self):
                raise LedgerError("no recorder")

        yett.loop._make = Broken
        for _ in range(2):
            with pytest.raises(LedgerError):
                yett(environ(target="/echo"), lambda *_: None)
        assert called == []


def test_what_takes_too_long_is_given_up(tmp_path):
    """Nobody waits for ever on the loop."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, _sink):
        yett.loop.start()
        with pytest.raises(TimeoutError):
            yett.loop.ask(asyncio.sleep(60), 0.02)
