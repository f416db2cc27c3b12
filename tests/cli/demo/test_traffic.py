from __future__ import annotations

import json

import pytest

from yett.cli.demo.traffic import Answer, Ask, send

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Powered-By: a\r\n\r\nok"


def test_sends_what_it_is_told(server):
    """Target, fields, credential and source address go out exactly as given."""
    port, heard, peers = server(OK)
    ask = Ask(target="/a%2f..", headers=(("x-a", "1"), ("x-a", "2")), source="127.0.0.66")
    answer = send(ask, port, ("authorization", "Bearer t"))
    assert heard[0].startswith(b"GET /a%2f.. HTTP/1.1\r\n")
    assert heard[0].count(b"x-a: ") == 2
    assert b"authorization: Bearer t\r\n" in heard[0]
    assert b"content-length" not in heard[0]
    assert peers == ["127.0.0.66"]
    assert (answer.status, answer.body, answer.answers) == (200, b"ok", 1)
    assert answer.field("x-powered-by") == "a"


def test_a_body_has_its_length(server):
    """A POST without a body says that its length is zero."""
    port, heard, _ = server(OK, OK)
    send(Ask(method="POST", target="/"), port, None)
    send(Ask(method="PUT", target="/", body=b"abc"), port, None)
    assert b"content-length: 0\r\n" in heard[0]
    assert b"content-length: 3\r\n" in heard[1]


def test_an_early_refusal_of_a_huge_body_is_read(server):
    """A server that answers before the body is through is still heard."""
    port, _, _ = server(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", linger=True)
    answer = send(Ask(method="POST", target="/", body=b"a" * (1 << 17)), port, None)
    assert answer.status == 413


def test_raw_pieces_go_out_untouched(server):
    """A bare socket writes the bytes as they are and puts the credential where it is asked for."""
    port, heard, _ = server(OK + OK)
    ask = Ask(raw=(b"GET / HTTP/1.1\r\nhost: a\r\n{credential}", 0.01, b"x: \x00\r\n\r\n"))
    answer = send(ask, port, ("cookie", "c=1"))
    assert heard[0] == b"GET / HTTP/1.1\r\nhost: a\r\ncookie: c=1\r\nx: \x00\r\n\r\n"
    assert (answer.status, answer.answers) == (200, 2)


@pytest.mark.parametrize("bytes_", [b"", b"nonsense\r\n\r\n"])
@pytest.mark.parametrize("raw", [(), (b"GET / HTTP/1.1\r\n\r\n",)])
def test_no_answer_is_status_zero(server, bytes_, raw):
    """Silence and nonsense are no answer, and no exception."""
    port, _, _ = server(bytes_)
    assert send(Ask(target="/", raw=raw), port, None).status == 0


def test_a_refused_connection_is_no_answer():
    """A port where nobody listens is no answer, and no exception."""
    assert send(Ask(target="/"), 1, None) == Answer()


def test_problem_and_code_come_from_problem_details_only():
    """A code is read from `application/problem+json` alone."""
    body = json.dumps({"type": "https://yett.dev/problems/body-invalid"}).encode()
    problem = Answer(head=(("content-type", "application/problem+json"),), body=body)
    assert problem.code == "body-invalid"
    iana = body.replace(b"https://yett.dev/problems/", b"https://iana.org/assignments/x#")
    assert Answer(head=problem.head, body=iana).code == "body-invalid"
    assert Answer(head=(("content-type", "application/json"),), body=body).code == ""
    assert Answer(head=problem.head, body=b"[]").problem == {}
    assert Answer(head=problem.head, body=b"{").problem == {}


def test_holds_looks_at_fields_and_body():
    """A leak is found in either, in letters of either case."""
    answer = Answer(head=(("server", "Uvicorn"),), body=b"Traceback")
    assert answer.holds(b"server: uvicorn")
    assert answer.holds(b"TRACEBACK")
    assert not answer.holds(b"nginx")
