"""Questions in WSGI: records are read from the application, locks are held among threads."""

from __future__ import annotations

import json
import threading
import time

import pytest
from kit.within import Answer, environ, guarded_wsgi

JSON = [("content-type", "application/json")]
RECORD = {"id": 1, "customer_id": 1, "status": "draft", "price": 1}
NOTE = b'{"note":"x"}'


def shop(write=None, read=None):
    def app(told, start_response):
        if told["REQUEST_METHOD"] == "GET" and read is not None:
            return read(told, start_response)
        if write is not None and told["REQUEST_METHOD"] != "GET":
            write(told)
        start_response("200 OK", JSON)
        return [json.dumps(RECORD).encode()]

    return app


def test_one_writer_at_a_time_among_threads(tmp_path):
    """Eight threads write one record: never two at once."""
    under_way, most = [], []

    def write(_told):
        under_way.append(1)
        most.append(len(under_way))
        time.sleep(0.01)
        under_way.pop()

    with guarded_wsgi(tmp_path, shop(write)) as (yett, sink):
        found = []

        def ask():
            found.append(Answer(yett, environ("PATCH", "/bookings/1", NOTE, "ann")).status)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert found == [200] * 8
        assert max(most) == 1
        yett.close()
        assert yett.core.locks.taken == 0
        assert len(sink.events) == 8


def refusing(told, start_response):
    raise ValueError("secret")


def partial(told, start_response):
    start_response("206 Partial Content", JSON)
    return [b"{}"]


def written(told, start_response):
    write = start_response("200 OK", JSON)
    write(json.dumps(RECORD).encode())
    return []


def headless(told, start_response):
    return [b"{}"]


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (refusing, "record-unreadable"),
        (partial, "record-unreadable"),
        (headless, "record-unreadable"),
        (written, None),
    ],
)
def test_what_counts_as_a_record(tmp_path, read, code):
    """Whole, plain, with a head; by `write` or by the iterable."""
    with guarded_wsgi(tmp_path, shop(read=read)) as (yett, _sink):
        answer = Answer(yett, environ("PATCH", "/bookings/1", NOTE, "ann"))
        assert answer.status == (200 if code is None else 502)
        assert code is None or answer.code == code


def test_the_application_is_closed_after_a_read(tmp_path):
    """PEP 3333: whoever takes an iterable closes it."""
    closed = []

    class Pieces(list):
        def close(self):
            closed.append(1)

    def read(_told, start_response):
        start_response("200 OK", JSON)
        return Pieces([json.dumps(RECORD).encode()])

    with guarded_wsgi(tmp_path, shop(read=read)) as (yett, _sink):
        assert Answer(yett, environ("PATCH", "/bookings/1", NOTE, "ann")).status == 200
    assert closed == [1]
