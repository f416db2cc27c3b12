"""Every class of notes/edge.md 2.1 and 2.3 against the running gateway."""

from __future__ import annotations

import asyncio
import re

from kit.gateway import complete, running, split
from vectors.http1.requests import FORWARDED, REFUSED


def pieces(raw, whole):
    """The bytes at once or one by one; a long run of filler may come in larger steps."""
    if whole:
        return [raw]
    step = 1 if len(raw) < 3000 else 1021
    return [raw[i : i + step] for i in range(0, len(raw), step)]


def messages(recorded):
    """Split what one upstream connection saw into (request line, body)."""
    found = []
    while recorded:
        end = complete(recorded)
        assert end is not None, recorded
        head, _, body = recorded[:end].partition(b"\r\n\r\n")
        found.append((head.split(b"\r\n")[0], body))
        recorded = recorded[end:]
    return found


async def _refuse(gateway, name, raw, whole):
    answer = await gateway.send(*pieces(raw, whole), pause=not whole)
    if name.startswith("cut "):
        return
    status, headers, _ = split(answer)
    assert 400 <= status < 500 or status == 505, (name, whole, answer[:200])
    assert headers[b"content-type"] == b"application/problem+json", name
    assert len(re.findall(rb"HTTP/1.1 \d{3} ", answer)) == 1, (name, whole, answer)


async def test_nothing_ambiguous_reaches_the_upstream():
    """Each hostile request, whole and byte by byte, is refused once and never forwarded."""
    assert len(REFUSED) >= 150
    async with running() as gateway:
        jobs = [(n, raw, whole) for n, raw in REFUSED.items() for whole in (True, False)]
        for start in range(0, len(jobs), 64):
            batch = jobs[start : start + 64]
            await asyncio.gather(*(_refuse(gateway, *job) for job in batch))
        assert gateway.upstream.bytes == b""
        assert not gateway.gate.connections


async def test_what_is_forwarded_is_written_anew():
    """Odd but unambiguous requests reach the upstream in one canonical form, bodies whole."""
    for whole in (True, False):
        for name, (raw, lines, bodies) in FORWARDED.items():
            async with running() as gateway:
                answer = await gateway.send(*pieces(raw, whole), pause=not whole)
                seen = [m for seen in gateway.upstream.seen for m in messages(bytes(seen))]
                assert seen == list(zip(lines, bodies, strict=True)), (name, whole)
                assert answer.count(b"HTTP/1.1 200") == len(lines), (name, whole, answer)
