"""The service behind the gates where there is no nginx: answers each path with the same bytes.

`python -m bench.upstream PORT ANSWER_FILE`, or `PORT PATH=ANSWER_FILE ...`. It reads only as much
as finds the end of a request.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import ClassVar

import uvloop


class Upstream(asyncio.Protocol):
    answers: ClassVar[dict[bytes, bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            length = 0
            for line in self.held[:end].split(b"\r\n"):
                if line[:15].lower() == b"content-length:":
                    length = int(line[15:])
            if len(self.held) < end + 4 + length:
                return
            path = self.held[: self.held.find(b" HTTP/1.")].split(b" ")[1].partition(b"?")[0]
            self.held = self.held[end + 4 + length :]
            self.transport.write(self.answers.get(path) or self.answers[b""])


def framed(body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nserver: upstream\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )


def take(pairs: list[str]) -> None:
    for pair in pairs:
        path, _, file = pair.rpartition("=")
        Upstream.answers[path.encode()] = framed(Path(file).read_bytes())
    Upstream.answers.setdefault(b"", framed(b"{}"))


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    take(sys.argv[2:])
    uvloop.run(serve(int(sys.argv[1])))
