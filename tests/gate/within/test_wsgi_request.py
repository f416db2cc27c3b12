"""Hostile clients and applications that misuse WSGI: one answer, one record, always closed."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from wsgiref.validate import validator

import pytest
from kit.adapters import flask_app
from kit.scenario import Store
from kit.within import Answer, environ, guarded_wsgi, plain

from yett.gate.within.answering import BrokenError

JSON = [("content-type", "application/json")]


def silent(told, start_response):
    return []


def headless(told, start_response):
    return [b"x"]


def failing(told, start_response):
    raise ValueError("secret")


def late(told, start_response):
    start_response("200 OK", [])
    yield b""
    raise ValueError("secret")


def twice(told, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])
    return [b"x"]


def split(told, start_response):
    start_response("200 OK", [("x", "a\r\nset-cookie: b")])
    return [b"x"]


def mended(told, start_response):
    start_response("200 OK", [])
    error = ValueError("secret")
    start_response("500 Oops", [], (ValueError, error, None))
    return [b"secret"]


def by_write(told, start_response):
    write = start_response("200 OK", JSON)
    write(b"one ")
    write(b"two ")
    return [b"three"]


@pytest.mark.parametrize(
    ("app", "status", "code"),
    [
        (silent, 502, "upstream-broken"),
        (headless, 502, "upstream-broken"),
        (failing, 500, "upstream-failed"),
        (late, 500, "upstream-failed"),
        (twice, 500, "upstream-failed"),
        (split, 502, "upstream-broken"),
        (mended, 500, "upstream-failed"),
        (plain("nonsense", b"x"), 502, "upstream-broken"),
    ],
)
def test_applications_that_misuse_wsgi(tmp_path, app, status, code):
    """A broken answer becomes a plain problem."""
    with guarded_wsgi(tmp_path, app, small=True) as (yett, sink):
        answer = Answer(yett, environ(target="/echo"))
        assert (answer.status, answer.code) == (status, code)
        assert b"secret" not in answer.body
        yett.close()
        assert [event.code for event in sink.events] == [code]


def test_an_exception_inside_an_answer_cuts_it(tmp_path):
    """The server is told by an exception; the application is closed, the record written."""
    closed = []

    class Pieces:
        def __iter__(self):
            yield b"x"
            raise ValueError

        def close(self):
            closed.append(1)

    def app(told, start_response):
        start_response("200 OK", [])
        return Pieces()

    with guarded_wsgi(tmp_path, app, small=True) as (yett, sink):
        with pytest.raises(BrokenError):
            Answer(yett, environ(target="/echo"))
        yett.close()
        assert closed == [1]
        assert (sink.events[0].status, sink.events[0].code) == (200, "upstream-failed")


def test_it_is_wsgi_to_both_sides(tmp_path):
    """The standard library's validator finds nothing wrong, before and behind it."""
    with guarded_wsgi(tmp_path, validator(plain("200 OK", b"x", headers=JSON)), small=True) as (
        yett,
        _sink,
    ):
        told = environ(target="/echo", SERVER_NAME="a", SERVER_PORT="1")
        told |= {
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        answer = Answer(validator(yett), told)
        assert (answer.status, answer.body) == (200, b"x")


def test_what_an_application_writes_by_itself(tmp_path):
    """`write` and the iterable come out in order."""
    with guarded_wsgi(tmp_path, by_write, small=True) as (yett, _sink):
        assert Answer(yett, environ(target="/echo")).body == b"one two three"


def test_an_answer_streams_as_it_is_pulled(tmp_path):
    """Where no rule reads it, a piece is out before the next is made."""
    made = []

    def app(told, start_response):
        start_response("200 OK", [])
        for number in range(3):
            made.append(number)
            yield b"%d" % number

    with guarded_wsgi(tmp_path, app, small=True) as (yett, _sink):
        pieces = yett(environ(target="/echo"), lambda *_: None)
        assert next(pieces) == b"0"
        assert made == [0]
        pieces.close()


def test_fifty_callers_at_once_are_never_mixed(tmp_path):
    """Threads share one engine: each caller gets their own records alone."""
    store = Store()
    guard = threading.Lock()
    handle = store.handle

    def one_by_one(*told):
        with guard:
            return handle(*told)

    store.handle = one_by_one
    with guarded_wsgi(tmp_path, flask_app(store)) as (yett, sink):

        def ask(number):
            who, mine = ("ann", 1) if number % 2 else ("bob", 2)
            listed = Answer(yett, environ(target="/bookings", who=who))
            assert {one["customer_id"] for one in json.loads(listed.body)["items"]} == {mine}
            changed = Answer(yett, environ("PATCH", "/bookings/1", b'{"note":"x"}', who))
            assert changed.status == (200 if mine == 1 else 404)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(ask, range(50)))
        yett.close()
        assert sum(event.kind == "request" for event in sink.events) == 100
