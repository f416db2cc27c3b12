"""What never became a request is answered and recorded too."""

from __future__ import annotations

from kit.gateway import running, split


async def test_a_head_that_cannot_be_read():
    """The answer carries the id of the record; the record holds the source and no client byte."""
    async with running() as gateway:
        answer = await gateway.send(b"GET /SECRET x HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers, body = split(answer)
        event = gateway.sink.events[0]
        assert status == event.status == 400
        assert headers[b"yett-request-id"] == event.request.encode()
        assert headers[b"connection"] == b"close"
        assert headers[b"cache-control"] == b"no-store"
        assert len(body) == int(headers[b"content-length"]) == event.bytes_out
        assert b"SECRET" not in answer
        assert (event.verdict, event.step, event.code) == ("refuse", 2, "malformed-request")
        assert (event.source, event.path) == ("127.0.0.1", "")
        assert event.policy == "d" * 16
