"""Answers of the gate's own: the same fields as at the edge, one of each, no body for a HEAD."""

from __future__ import annotations

from kit.within import answers, guarded, visit


async def test_a_refusal_is_a_problem_with_the_gates_fields(tmp_path):
    """RFC 9457, sealed against caches and sniffing."""
    async with guarded(tmp_path, answers(AssertionError()), small=True) as (yett, _sink):
        client = await visit(yett, target="/nowhere")
        assert client.headers[b"content-type"] == b"application/problem+json"
        assert client.headers[b"cache-control"] == b"no-store"
        assert client.headers[b"content-length"] == b"%d" % len(client.body)
        assert client.code == "undeclared-path"


async def test_a_refused_head_has_no_body(tmp_path):
    """Its length is that of the problem all the same."""
    async with guarded(tmp_path, answers(AssertionError()), small=True) as (yett, _sink):
        client = await visit(yett, method="HEAD", target="/nowhere")
        assert client.body == b""
        assert int(client.headers[b"content-length"]) > 50


async def test_what_never_became_a_request_is_recorded(tmp_path):
    """At step 2, with the source and nothing that the client sent."""
    async with guarded(tmp_path, answers(AssertionError()), small=True) as (yett, sink):
        client = await visit(yett, target="/a%2fb")
        event = sink.events[0]
        assert (client.code, event.code, event.step) == ("ambiguous-target", "ambiguous-target", 2)
        assert (event.source, event.path, event.status) == ("127.0.0.1", "", 400)
        assert client.headers[b"connection"] == b"close"
