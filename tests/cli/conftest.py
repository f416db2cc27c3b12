"""A contract folder, a real upstream and `yett serve` in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "yett.cli", "serve"]


class Upstream(asyncio.Protocol):
    """Answers every request; `/slow` after half a second, `/held` never; says what it was asked."""

    seen: list[bytes]

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.seen.append(head)
            if b" /held" in head[:20]:
                return  # never answered
            if b" /slow" in head[:20]:
                asyncio.get_running_loop().call_later(0.5, self.answer)
            else:
                self.answer()

    def answer(self):
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        )


@pytest.fixture(scope="session")
def upstream():
    """A real HTTP/1.1 upstream in a thread; answers its port and what it has seen."""
    loop = asyncio.new_event_loop()
    seen: list[bytes] = []
    kind = type("Recording", (Upstream,), {"seen": seen})
    server = loop.run_until_complete(loop.create_server(kind, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield server.sockets[0].getsockname()[1], seen
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    server.close()
    loop.close()


@pytest.fixture
def reached(upstream):
    """Wait until one more request for a path has reached the upstream than when this was called."""
    _, seen = upstream

    def begin(path):
        mark = f" {path} ".encode()
        before = sum(mark in head[:40] for head in seen)

        def wait():
            wait_until(lambda: sum(mark in head[:40] for head in seen) > before)

        return wait

    return begin


def wait_until(done, seconds=60):
    """Wait until something is so; a minute is for machines that have other things to do."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.01)


def operation(name):
    return {
        "get": {
            "operationId": name,
            "x-yett": {"public": True},
            "responses": {"200": {"description": "fine"}},
        }
    }


class Folder:
    """A contract folder whose paths can be exchanged."""

    def __init__(self, path: Path, port: int):
        self.path = path
        self.port = port
        self.declare("/items", "/slow")
        self.configure()

    def declare(self, *paths):
        """Write the OpenAPI file in one step, as a deployment does."""
        document = {
            "openapi": "3.1.0",
            "info": {"title": "shop", "version": "1"},
            "paths": {path: operation(f"op{at}") for at, path in enumerate(paths)},
        }
        self.write("openapi.json", json.dumps(document))

    def configure(self, gateway="", more=""):
        self.write(
            "yett.toml",
            f"""
[api.shop]
openapi = "openapi.json"
upstream = "http://127.0.0.1:{self.port}"

[gateway]
listen = "127.0.0.1:0"
workers = 2
drain_timeout = 5
{gateway}

[limits]
default = ["100000000/min per ip"]
{more}
""",
        )

    def write(self, name, text):
        part = self.path / f".{name}.part"
        part.write_text(text)
        part.replace(self.path / name)


@pytest.fixture
def folder(tmp_path, upstream):
    return Folder(tmp_path, upstream[0])


@pytest.fixture
def folders(tmp_path, upstream):
    """Two more contract folders, as on two hosts."""
    for name in "ab":
        (tmp_path / name).mkdir()
    return [Folder(tmp_path / name, upstream[0]) for name in "ab"]


@pytest.fixture
def argv(folder):
    """The command line that serves the folder."""
    return [*COMMAND, "-C", str(folder.path)]


@pytest.fixture
def command(argv):
    """Run `yett serve` to its end, which is a refusal to start."""

    def run(*options):
        return subprocess.run(
            [*argv, *options], capture_output=True, text=True, timeout=60, check=False
        )

    return run


class Served:
    """A running `yett serve` and the lines it has written."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(
            [*COMMAND, "-C", str(folder.path), "--format", "json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.lines = []
        self.other = []
        self.news = threading.Condition()
        self.readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self.readers:
            reader.start()
        self.ready = self.wait("ready", role=None)
        host, _, port = self.ready["url"].partition("//")[2].rpartition(":")
        self.host, self.port = host, int(port)

    def _read(self, stream):
        for line in stream:
            with self.news:
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    self.other.append(line)
                self.news.notify_all()

    def wait(self, event, count=1, **fields):
        """The `count`th line of this event with these fields; None means that it is absent."""

        def found():
            return [
                line
                for line in self.lines
                if line["event"] == event and all(line.get(k) == v for k, v in fields.items())
            ]

        with self.news:
            done = self.news.wait_for(lambda: len(found()) >= count, 60)
            assert done, (event, fields, self.lines, self.other)
            return found()[count - 1]

    def children(self):
        """Process ids of all children, by their place in /proc."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def get(self, target="/items", context=None, headers=None):
        if context:
            connection = http.client.HTTPSConnection(
                "localhost", self.port, timeout=20, context=context
            )
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", target, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stop(self, number=signal.SIGTERM):
        """Stop in order; answers the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.end()

    def end(self):
        """Wait for the end; answers the exit code."""
        code = self.process.wait(30)
        for reader in self.readers:
            reader.join(5)
        return code


@pytest.fixture
def serve(serve_at, folder):
    return functools.partial(serve_at, folder)


@pytest.fixture
def serve_at():
    started = []

    def start(folder, *options):
        started.append(Served(folder, *options))
        return started[-1]

    yield start
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait(10)
        one.process.stdout.close()
        one.process.stderr.close()


class Load:
    """A steady client: keep-alive connections and new ones, until it is left.

    A connection that broke while no answer had begun is counted as `broken` and opened anew.
    """

    def __init__(self, port, context=None, keep=2, fresh=1, target="/items", headers=None):
        self.port = port
        self.headers = headers or {}
        self.context = context
        self.target = target
        self.statuses = {}
        self.broken = []
        self.longest = 0.0
        self.done = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(True,)) for _ in range(keep)]
        self.threads += [threading.Thread(target=self._run, args=(False,)) for _ in range(fresh)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def until(self, count, status=200):
        """Go on until so many more were answered with a status."""
        with self.lock:
            wanted = self.statuses.get(status, 0) + count
        wait_until(lambda: self.statuses.get(status, 0) >= wanted)

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join(30)

    def _connect(self):
        if self.context:
            return http.client.HTTPSConnection(
                "localhost", self.port, timeout=20, context=self.context
            )
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def _run(self, keep):
        connection = self._connect()
        while not self.done.is_set():
            began = time.monotonic()
            try:
                connection.request("GET", self.target, headers=self.headers)
                answer = connection.getresponse()
                answer.read()
                self._count(answer.status, time.monotonic() - began)
            except (OSError, http.client.HTTPException, ssl.SSLError) as error:
                with self.lock:
                    self.broken.append(repr(error))
                connection.close()
                connection = self._connect()
            if not keep:
                connection.close()
                connection = self._connect()
            time.sleep(0.001)
        connection.close()

    def _count(self, status, seconds):
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.longest = max(self.longest, seconds)


@pytest.fixture
def load():
    return Load
