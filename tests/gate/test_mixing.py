"""No client ever gets a byte of another's answer, and no service another's body.

2,400 requests with texts of their own, over few upstream connections, while clients leave, services
close, stall, answer early, break off and say more than they should.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re

from kit.gateway import complete, public, reset, running, takes_anything

OPERATIONS = (
    public("GET", "/a/{id}", concurrency=1000),
    public("HEAD", "/a/{id}", concurrency=1000),
    public("POST", "/a/{id}", body=takes_anything, max_body=1 << 20, concurrency=1000),
    public("PUT", "/a/{id}", stream_request=True, max_body=1 << 20, concurrency=1000),
)
CLIENTS, ROUNDS = 60, 40
NAME = re.compile(rb"[A-Z]+ /a/([a-z]{12}) ")
WRONG = re.compile(rb"<([a-z]{12})>")


def word(rng):
    return bytes(rng.choices(range(97, 123), k=12))


def bodies(rng, name):
    return b"<%b>" % name * rng.choice((0, 1, 40, 3000))


class Service:
    """Answers with the name in the path, in many framings, and sometimes badly."""

    def __init__(self, rng):
        self.rng = rng
        self.strange = []  # requests whose body is not their own

    async def __call__(self, reader, writer, data):
        while True:
            if self.rng.random() < 0.03:
                return  # closes on a request, before or in the middle of it
            early = self.rng.random() < 0.1 and await self.early(reader, writer, data)
            data = early or data
            while (end := complete(data)) is None:
                more = await reader.read(1 << 16)
                if not more:
                    return
                data += more
            one, data = data[:end], data[end:]
            if self.name(one) == b"":
                return
            if not early and not await self.answer(writer, one):
                return

    def name(self, request):
        found = NAME.match(request)
        if found is None or set(WRONG.findall(request)) - {found[1]}:
            self.strange.append(request[:200])
            return b""
        return found[1]

    async def early(self, reader, writer, data):
        """Answer before the body is there, and go on with the connection; what was read by then."""
        while b"\r\n\r\n" not in data:
            more = await reader.read(1 << 16)
            if not more:
                return data
            data += more
        raw = b"HTTP/1.1 413 No\r\nX-Name: %b\r\nContent-Length: 14\r\n\r\n<%b>"
        writer.write(raw % (self.name(data.partition(b"\r\n\r\n")[0]), self.name(data)))
        return data

    async def answer(self, writer, request):
        rng, name = self.rng, NAME.match(request)[1]
        body = bodies(rng, name)
        way = rng.random()
        head = b"HTTP/1.1 200 OK\r\nX-Name: %b\r\n" % name
        stop = False
        if request.startswith(b"HEAD"):
            raw = head + b"Content-Length: %d\r\n\r\n" % len(body)
        elif way < 0.4:
            raw = head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        elif way < 0.7:
            parts = [body[at : at + 7000] for at in range(0, len(body), 7000)]
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
            raw = head + b"Transfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % chunks
        elif way < 0.8:
            raw, stop = head + b"Connection: close\r\n\r\n" + body, True
        elif way < 0.88:  # cut off
            raw, stop = head + b"Content-Length: %d\r\n\r\n%b" % (len(body) + 5, body), True
        elif way < 0.94:  # more than it said
            raw = head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            raw += b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<poisonpoison>"
        else:
            raw = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * rng.choice((1, 5, 40))
            raw += head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        return await self.send(writer, raw) and not stop

    async def send(self, writer, raw):
        rng = self.rng
        if rng.random() < 0.1:
            await asyncio.sleep(rng.choice((0.001, 0.02, 0.3)))
        step = rng.choice((len(raw) or 1, 1000, 13 if len(raw) < 3000 else 5000))
        for at in range(0, len(raw), step):
            writer.write(raw[at : at + step])
            if rng.random() < 0.1:
                await asyncio.sleep(0)
        try:
            await writer.drain()
        except (ConnectionError, RuntimeError):
            return False
        return True


def requests(rng, name):
    body = bodies(rng, name)
    line = b" /a/%b HTTP/1.1\r\nHost: a\r\n" % name
    sized = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % (
        b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    )
    return rng.choice(
        (
            b"GET" + line + b"\r\n",
            b"HEAD" + line + b"\r\n",
            b"POST" + line + sized,
            b"POST" + line + chunked,
            b"PUT" + line + sized,
            b"PUT" + line + chunked,
        )
    )


class Client:
    """Sends requests one after another or piped, reads or leaves, and keeps what is not its own."""

    def __init__(self, gateway, rng):
        self.gateway = gateway
        self.rng = rng
        self.strange = []
        self.whole = 0

    async def visit(self):
        rng = self.rng
        names = [word(rng) for _ in range(rng.choice((1, 1, 1, 4)))]
        raw = b"".join(requests(rng, name) for name in names)
        reader, writer = await self.gateway.connect()
        cut = rng.random()
        try:
            step = rng.choice((len(raw), 4000))
            for at in range(0, len(raw), step):
                writer.write(raw[at : at + step])
                await asyncio.sleep(0)
            if cut < 0.15:
                await asyncio.sleep(rng.choice((0, 0.001, 0.01)))
                reset(writer)
                return len(names)
            writer.write_eof()
            got = bytearray()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(10):
                    while data := await reader.read(1 << 16):
                        got += data
            self.check(bytes(got), names)
        except (ConnectionError, RuntimeError):
            pass
        finally:
            writer.transport.abort()
        return len(names)

    def check(self, got, names):
        told = re.findall(rb"x-name: ([a-z]+)", got, re.IGNORECASE)
        places = iter(names)
        ordered = all(any(name == place for place in places) for name in told)
        if not ordered or set(WRONG.findall(got)) - set(names):
            self.strange.append((names, got[:500]))
        self.whole += len(told)


async def test_nothing_is_ever_mixed_up():
    """Each answer has its own request's name, each request its own body; the counters end at 0."""
    seed = random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    service = Service(random.Random(seed + 1))
    async with running(
        *OPERATIONS,
        answer=service,
        upstream_connections=8,
        max_pending=10_000,
        upstream_timeout=0.25,
    ) as gateway:
        clients = [Client(gateway, random.Random(rng.random())) for _ in range(CLIENTS)]

        async def come_again(client):
            for _ in range(ROUNDS):
                await client.visit()

        await asyncio.gather(*[come_again(client) for client in clients])
        assert not service.strange, (seed, service.strange[:3])
        strange = [one for client in clients for one in client.strange]
        assert not strange, (seed, strange[:3])
        assert sum(client.whole for client in clients) > CLIENTS * ROUNDS // 2, seed
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        pool = gateway.gate.current.pools["api"]
        assert pool._connecting == 0
        assert not pool._waiting
        assert all(link.errand is None for link in pool._links)
        assert not +gateway.view.inside, "requests still counted as under way"
