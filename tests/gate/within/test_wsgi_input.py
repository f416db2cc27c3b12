"""Bodies in WSGI: bounded, whole or as a file; a chunked one only where its end is told."""

from __future__ import annotations

import io

import pytest
from kit.within import Answer, environ, guarded_wsgi, plain

OCTETS = "application/octet-stream"


def upload(data, **changes):
    return environ("POST", "/upload", data, **{"CONTENT_TYPE": OCTETS} | changes)


def lines(told, start_response):
    found = list(told["wsgi.input"])
    start_response("200 OK", [])
    return found


def test_a_streamed_body_is_a_file(tmp_path):
    """Lines, pieces and all, up to its length and no further."""
    with guarded_wsgi(tmp_path, lines, small=True) as (yett, _sink):
        told = upload(b"one\ntwo\n")
        told["wsgi.input"] = io.BytesIO(b"one\ntwo\nGET /next")
        assert Answer(yett, told).body == b"one\ntwo\n"


def test_a_chunked_body(tmp_path):
    """Its end is the server's to tell; where it does not, nothing is guessed."""
    chunked = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}
    with guarded_wsgi(tmp_path, lines, small=True) as (yett, _sink):
        assert Answer(yett, upload(b"abc", **chunked)).code == "malformed-request"
        told = upload(b"abc", **chunked, **{"wsgi.input_terminated": True})
        assert Answer(yett, told).body == b"abc"
        told = upload(b"a" * 101, **chunked, **{"wsgi.input_terminated": True})
        assert Answer(yett, told).code == "body-too-large"


@pytest.mark.parametrize("target", ["/upload", "/echo"])
def test_a_client_that_leaves(tmp_path, target):
    """Half a body is none; the record says so."""
    with guarded_wsgi(tmp_path, lines, small=True) as (yett, sink):
        told = environ("POST", target, b"abc", CONTENT_TYPE=OCTETS, CONTENT_LENGTH="5")
        answer = Answer(yett, told)
        assert answer.status >= 400
        yett.close()
        assert "the client left" in sink.events[0].note


def test_a_huge_body_is_refused(tmp_path):
    """From its head: not a byte of it is read."""

    class Never:
        def read(self, _size=-1):
            raise AssertionError

    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, _sink):
        told = upload(b"x", CONTENT_LENGTH="999999")
        told["wsgi.input"] = Never()
        assert Answer(yett, told).code == "body-too-large"
