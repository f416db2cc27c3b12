"""Environments: the path as it came, fields once, nothing of the request as it came passed on."""

from __future__ import annotations

import pytest
from kit.within import Answer, environ, guarded_wsgi, plain

from yett.gate.within.wsgi_environ import heard
from yett.problems import Problem


def test_the_path_is_the_one_that_came():
    """An encoded slash is seen where the server tells of it; without, the application sees none."""
    assert heard(environ(target="/a%2Fb")).path == b"/a%2Fb"
    assert heard(environ(target="/a%2Fb", REQUEST_URI=None)).path == b"/a/b"
    assert heard(environ(target="/caf%C3%A9", REQUEST_URI=None)).path == b"/caf%C3%A9"
    assert heard(environ(SCRIPT_NAME="/shop", REQUEST_URI="/shop/bookings/1")).path == (
        b"/shop/bookings/1"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"REQUEST_URI": "/users/1"},
        {"REQUEST_URI": "/bookings/1?a=b"},
        {"RAW_URI": "/users/1", "REQUEST_URI": None},
        {"QUERY_STRING": "a=b"},
        {"REQUEST_URI": "http://shop.test/users/1"},
    ],
)
def test_a_front_that_rewrites_is_a_second_reading(changes):
    """What was decided about would not be what the application serves."""
    told = heard(environ(**changes))
    assert isinstance(told, Problem)
    assert told.code == "ambiguous-target"


def test_a_length_that_is_named_twice(tmp_path):
    """`Content_Length` is another name for the same variable (CWE-444)."""
    with guarded_wsgi(tmp_path, plain(), small=True) as (yett, _sink):
        told = environ(target="/echo", HTTP_CONTENT_LENGTH="7")
        assert Answer(yett, told).code in {"body-not-declared", "malformed-request"}
        told = environ("POST", "/echo", b"hi", HTTP_CONTENT_LENGTH="7")
        assert Answer(yett, told).code == "malformed-request"
        told = environ(
            "POST", "/echo", b"hi", CONTENT_TYPE="application/octet-stream", HTTP_CONTENT_LENGTH="2"
        )
        assert Answer(yett, told).status == 200


def test_the_application_gets_the_checked_request(tmp_path):
    """Its path, query, body, address and caller; no shortcut for files, no field of a proxy."""
    seen = []

    def app(told, start_response):
        seen.append(told)
        seen.append(told["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"ok"]

    with guarded_wsgi(tmp_path, app, small=True) as (yett, _sink):
        told = environ("POST", "/ech%6f", b"hi", CONTENT_TYPE="application/octet-stream")
        told |= {"HTTP_X_ORIGINAL_URL": "/x", "wsgi.file_wrapper": list, "yett.caller": "forged"}
        answer = Answer(yett, told)
    got, data = seen
    assert (answer.status, data) == (200, b"hi")
    assert (got["PATH_INFO"], got["REQUEST_URI"], got["CONTENT_LENGTH"]) == ("/echo", "/echo", "2")
    assert not {"HTTP_X_ORIGINAL_URL", "wsgi.file_wrapper"} & got.keys()
    assert got["yett.caller"].operation == "shop.echo"
    assert got["HTTP_YETT_REQUEST_ID"] == answer.headers["yett-request-id"]
