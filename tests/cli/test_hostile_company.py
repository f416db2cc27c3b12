"""Crowds that hold what they can: idle, slow and stalled connections beside an ordinary client.

How little they move its latency is measured by bench/hostile.py; here it is that all are served.
"""

from __future__ import annotations

import contextlib
import json
import resource
import socket
from pathlib import Path

import pytest
from kit.service import Service

CALL = b"GET /items HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n"
DOWNLOAD = b"GET /download HTTP/1.1\r\nHost: a\r\n\r\n"
REFUSED = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * 5000

CROWDS = {
    "idle": (1000, CALL),
    "silent": (1000, b""),
    "slow heads": (400, CALL[:-3]),
    "slow bodies": (400, BODY + b'{"text": "'),
    "stalled readers": (60, DOWNLOAD),
    "stalled pipelines": (20, REFUSED),
}


@pytest.fixture(autouse=True)
def descriptors():
    """The test holds some 3,000 sockets itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 8192:
        pytest.skip(f"only {hard} file descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def service(folder):
    one = Service()
    folder.port = one.port
    answers = {"responses": {"200": {"description": "fine"}}}
    note = {"type": "object", "properties": {"text": {"type": "string"}}}
    body = {"required": True, "content": {"application/json": {"schema": note}}}
    public = {"public": True}
    paths = {
        "/items": {"get": {"operationId": "items", "x-yett": public, **answers}},
        "/notes": {
            "post": {"operationId": "notes", "x-yett": public, "requestBody": body, **answers}
        },
        "/download": {
            "get": {"operationId": "down", "x-yett": {**public, "stream": "response"}, **answers}
        },
    }
    document = {"openapi": "3.1.0", "info": {"title": "s", "version": "1"}, "paths": paths}
    folder.write("openapi.json", json.dumps(document))
    folder.configure(more='failures = "100000000/min per ip"')
    yield one
    one.close()


def crowd(port, count, raw):
    """Open connections that send `raw` and then neither speak nor read."""
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            sock = opened.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", port))
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.send(raw)
        return opened.pop_all()


def test_an_ordinary_client_is_served_beside_all_of_them(serve, load, service):
    """Beside 2,880 hostile connections every call is answered, in bounded memory, and none waits."""
    served = serve("--workers", "1")
    (worker,) = [p for p in served.children() if "worker" in comm(p)]
    with contextlib.ExitStack() as crowds:
        for count, raw in CROWDS.values():
            crowds.enter_context(crowd(served.port, count, raw))
        with load(served.port, keep=3, fresh=1) as client:
            client.until(300)
        kilobytes = int(status(worker).partition("VmRSS:")[2].split()[0])
    assert set(client.statuses) == {200}
    assert client.broken == []
    assert client.longest < 8.0  # the slowest of them is allowed ten seconds
    assert kilobytes < 250 * 1024
    assert served.get()[0] == 200
    assert served.stop() == 0


def comm(pid):
    return Path(f"/proc/{pid}/comm").read_text()


def status(pid):
    return Path(f"/proc/{pid}/status").read_text()
