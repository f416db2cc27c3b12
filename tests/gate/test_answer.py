"""The answer of the gate itself: fields, framing, persistence, one record."""

from __future__ import annotations

from kit.gateway import program, public, running, split

from yett.contract.config import CorsConfig


async def test_a_problem_to_head_has_no_body():
    """A refused HEAD tells the length of what a GET would have had, and no byte of it."""
    async with running() as gateway:
        status, headers, body = split(await gateway.send(b"HEAD /no HTTP/1.1\r\nHost: a\r\n\r\n"))
        assert (status, body) == (404, b"")
        assert int(headers[b"content-length"]) > 100


async def test_405_names_the_methods():
    """Fields of the problem are in the answer."""
    async with running(public("GET", "/x")) as gateway:
        answer = await gateway.send(b"PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers, _ = split(answer)
        assert (status, headers[b"allow"]) == (405, b"GET")


async def test_a_preflight_is_answered_here():
    """204, no body, no length, the connection lives on; the upstream hears nothing."""
    raw = (
        b"OPTIONS /x HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
        b"Access-Control-Request-Method: GET\r\n\r\n"
    )
    async with running(public("GET", "/x")) as gateway:
        cors = CorsConfig(origins=("https://app.example",))
        gateway.gate.swap(program(public("GET", "/x"), port=gateway.upstream.port, cors=cors))
        answer = await gateway.send(raw * 2)
        assert answer.count(b"HTTP/1.1 204 ") == 2
        assert b"content-length" not in answer
        assert b"access-control-allow-origin: https://app.example" in answer
        assert gateway.upstream.bytes == b""


async def test_each_request_is_recorded_once():
    """Allowed, refused and answered ones alike, with bytes, status and time."""
    async with running() as gateway:
        await gateway.send(
            b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            b"GET /no HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        first, second = gateway.sink.events
        assert (first.verdict, first.status, first.upstream_status) == ("allow", 200, 200)
        assert (first.bytes_in, first.bytes_out) == (3, 2)
        assert first.milliseconds > 0
        assert (second.verdict, second.status, second.upstream_status) == ("refuse", 404, 0)
