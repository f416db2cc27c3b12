"""Writers of one record in two worker processes: `only while it is a draft` holds, whoever races."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from kit.racing import RacingStore
from kit.scenario import token, write_contract

ROUNDS = 20
PATCH = ("PATCH", "/bookings/1", b'{"note": "x"}')
CONFIRM = ("POST", "/bookings/1/confirm", b"")


class Where:
    """What the `serve` fixture asks of a folder."""

    def __init__(self, path):
        self.path = path


@pytest.fixture
def store(request):
    made = RacingStore(tagged=getattr(request, "param", False))
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path, store):
    return Where(write_contract(tmp_path / "contract", store.port))


class Caller:
    """One connection, which stays with one worker."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {
            "Authorization": f"Bearer {token('ann')}",
            "Content-Type": "application/json",
        }
        self.connection.request("GET", "/users/1", headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        self.worker = answer.headers["yett-request-id"].partition("-")[0]

    def send(self, method, target, body):
        self.connection.request(method, target, body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text).get("code") if answer.status >= 400 else None

    def local_port(self):
        return self.connection.sock.getsockname()[1]


@contextlib.contextmanager
def two_workers(port):
    """A caller at each worker: the kernel spreads connections by their port."""
    found = {}
    while len(found) < 2:
        caller = Caller(port)
        found.setdefault(caller.worker, caller)
    yield tuple(found.values())
    for caller in found.values():
        caller.connection.close()


def at_once(*calls):
    """Run these in threads that start together; answer what they returned."""
    answers, ready = [None] * len(calls), threading.Barrier(len(calls))

    def run(at, call):
        ready.wait(30)
        answers[at] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.parametrize("store", [True, False], ids=["with tags", "without tags"], indirect=True)
def test_no_writer_passes_on_a_stale_reading(serve, store):
    """Many rounds of two writers in two processes: one after the other, each on what it is now."""
    served = serve("--workers", "2")
    with two_workers(served.port) as (one, two):
        seen = set()
        for number in range(ROUNDS):
            store.renew()
            first, second = (one, two) if number % 2 else (two, one)
            seen |= set(at_once(lambda f=first: f.send(*PATCH), lambda s=second: s.send(*CONFIRM)))
        assert store.stale == 0
        assert seen <= {(200, None), (409, "wrong-state")}
        for caller in (one, two):
            store.renew()
            assert caller.send(*CONFIRM) == (200, None)
            assert caller.send(*CONFIRM) == (409, "wrong-state")
    assert served.stop() == 0


def owner(served, caller):
    """The worker process that serves a caller's connection."""
    pair = f":{served.port:04X} ", f":{caller.local_port():04X} "
    rows = Path("/proc/net/tcp").read_text().splitlines()
    row = next(r for r in rows if pair[0] in r and r.split()[2].endswith(pair[1].strip()))
    socket = f"socket:[{row.split()[9]}]"
    for pid in served.children():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(link.readlink()) == socket:
                    return pid
    raise AssertionError("no worker has this connection")


def test_the_record_of_a_killed_worker_is_free(serve, store):
    """A worker that is killed while it writes: the next writer, elsewhere, goes on at once."""
    served = serve("--workers", "2")
    with two_workers(served.port) as (one, two):
        store.renew()
        store.writing.clear()
        store.go.clear()
        dying = threading.Thread(target=_broken, args=(one,))
        dying.start()
        assert store.writing.wait(30)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(two.send(*PATCH)))
        waiting.start()
        while store.readers < 2:  # who may write it at all is told without the hold
            time.sleep(0.01)
        time.sleep(0.2)
        assert (store.readers, store.writers) == (2, 1), "the second wrote beside the first"
        os.kill(owner(served, one), signal.SIGKILL)
        dying.join(30)
        while store.readers < 3:  # what it decides on is read once it holds the record
            time.sleep(0.01)
        store.go.set()
        waiting.join(30)
        assert answers == [(200, None)]
    assert served.stop() == 0


def _broken(caller):
    with contextlib.suppress(OSError, http.client.HTTPException):
        caller.send(*PATCH)
