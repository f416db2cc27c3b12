"""The way out: fields left out and added, HEAD that is decided on a body, framing kept."""

from __future__ import annotations

from kit.asking import with_step
from kit.gateway import public, running, split, takes_anything

from yett.policy.model import Declared
from yett.wire.lines import values

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

WITHOUT = frozenset(b"accept-encoding range if-range if-none-match if-modified-since te".split())


def setting(**changes):
    """A step that sets attributes of the exchange."""

    def step(x):
        for name, value in changes.items():
            setattr(x, name, value)

    return with_step(step)


async def head_of(gateway, raw):
    assert split(await gateway.send(raw))[0] == 200
    return gateway.upstream.seen[-1]


async def test_fields_are_left_out_in_every_spelling():
    """What the answer must not depend on is not sent on, however the client spells it."""
    raw = (
        b"GET /x HTTP/1.1\r\nHost: a\r\nAccept_Encoding: gzip\r\nRange: bytes=0-1\r\n"
        b'If_None_Match: "a"\r\nIF-RANGE: x\r\nX-Kept: yes\r\nAccept: a/b\r\n\r\n'
    )
    async with running(public("GET", "/x"), rework=setting(without=WITHOUT)) as gateway:
        sent = await head_of(gateway, raw)
        names = [line.partition(b":")[0] for line in sent.split(b"\r\n")[1:] if line]
        assert sorted(names) == sorted(
            b"host x-kept accept x-forwarded-for x-forwarded-proto x-forwarded-host via "
            b"yett-request-id".split()
        )


async def test_what_a_rule_adds_stands_alone():
    """A line that a rule adds replaces the client's of that name, and its other spelling."""
    raw = b"PATCH /x HTTP/1.1\r\nHost: a\r\nIf_Match: *\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n{}"
    rework = setting(extra=b'if-match: "v1"\r\nx-a: 2\r\n')
    async with running(public("PATCH", "/x", body=takes_anything), rework=rework) as gateway:
        sent = bytes(await head_of(gateway, raw))
        assert values(sent, b"if-match") == [b'"v1"']
        assert values(sent, b"x-a") == [b"2"]
        assert b"if_match" not in sent.lower()
        assert sent.endswith(b"content-length: 2\r\n\r\n{}")


async def test_nothing_asked_for_nothing_changed():
    """Without either, a request goes on with all of its fields."""
    raw = b"GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nIf_None_Match: *\r\n\r\n"
    async with running(public("GET", "/x")) as gateway:
        sent = await head_of(gateway, raw)
        assert b"range: bytes=0-1\r\n" in sent
        assert b"if_none_match: *\r\n" in sent


async def test_a_head_that_is_decided_on_a_body_asks_for_one():
    """The service gets a GET; the client gets the head that the GET would have had, and no body."""
    declared = Declared({"200": lambda value: (value, ())})
    async with running(public("HEAD", "/x", declared=declared), answer=JSON) as gateway:
        raw = b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = await gateway.send(raw * 2)
        assert gateway.upstream.bytes.startswith(b"GET /x HTTP/1.1\r\n")
        assert answer.count(b"HTTP/1.1 200") == 2
        assert answer.count(b"content-length: 2\r\n") == 2
        assert b"{}" not in answer.partition(b"\r\n\r\n")[2]
        assert [event.method for event in gateway.sink.events] == ["HEAD", "HEAD"]
