"""A service with one record and no check of its own, that tells when a rule was passed wrongly.

`GET /record` shows it, `PATCH /record` and `POST /record/confirm` write it; both are meant for a
draft only, which nobody but the gate ensures. A write waits until another reader has come, or a
moment: where two writers are not kept apart, the second has read before the first is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from kit.gateway import Recorder, complete

ANOTHER_COMES_SECONDS = 0.03


class RecordService(Recorder):
    """Runs in the test's loop.

    Attributes:
        tagged: with an ETag, and If-Match is honoured.
        stale: writes that met a record which was no draft any more.
        done: writes that changed it.
        before_write: called before a write looks at its condition, to change things behind the gate.
        lingers: a write waits for another reader before it is done.
        heads: every head that came.
    """

    def __init__(self, *, tagged=False, lingers=False):
        super().__init__()
        self.tagged = tagged
        self.lingers = lingers
        self.heads = []
        self.before_write = lambda: None
        self.reset()

    def reset(self):
        """A new draft; nothing has happened to it."""
        self.status, self.version = "draft", 1
        self.stale, self.done, self.readers = 0, 0, 0
        self.another = asyncio.Event()

    @property
    def tag(self):
        return f'"v{self.version}"'

    def change(self, status):
        """Write behind the gate's back."""
        self.status = status
        self.version += 1

    async def _answer_all(self, seen, reader, writer):
        pending = b""
        while data := await reader.read(1 << 16):
            pending += data
            while (end := complete(pending)) is not None:
                one, pending = pending[:end], pending[end:]
                self.heads.append(one)
                writer.write(await self.respond(one))
                await writer.drain()

    async def respond(self, raw):
        head = raw.partition(b"\r\n\r\n")[0].decode("latin-1")
        method, path, _ = head.split(" ", 2)
        if method == "GET":
            return self.show()
        return await self.write(path, condition(head))

    def show(self):
        self.readers += 1
        if self.readers > 1:
            self.another.set()
        return self.say(200)

    async def write(self, path, condition):
        self.before_write()
        if self.lingers:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANOTHER_COMES_SECONDS):
                    await self.another.wait()
        if self.tagged and condition not in {None, self.tag}:
            return self.say(412)
        self.stale += self.status != "draft"
        self.done += 1
        self.change("confirmed" if path.endswith("confirm") else self.status)
        return self.say(200)

    def say(self, status):
        body = json.dumps({"id": "record", "status": self.status}).encode()
        tag = f"ETag: {self.tag}\r\n".encode() if self.tagged else b""
        return (
            b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
            % (status, tag, len(body), body)
        )


def condition(head):
    found = [line[10:] for line in head.split("\r\n") if line.lower().startswith("if-match: ")]
    return found[0] if found else None
