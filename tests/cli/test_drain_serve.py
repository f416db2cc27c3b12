"""`yett serve` is stopped while streams, WebSockets and slow requests are under way."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from kit.service import Service

from yett.records.verify import verify

HELLO = (
    b"GET /talk HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def operation(name, **settings):
    return {
        "get": {
            "operationId": name,
            "x-yett": {"public": True, **settings},
            "responses": {"200": {"description": "fine"}},
        }
    }


@pytest.fixture
def service(folder):
    one = Service()
    folder.port = one.port
    paths = {
        "/slow": operation("slow"),
        "/items": operation("items"),
        "/events": operation("events", stream="response"),
        "/talk": operation("talk", websocket=True),
    }
    document = {"openapi": "3.1.0", "info": {"title": "s", "version": "1"}, "paths": paths}
    folder.write("openapi.json", json.dumps(document))
    folder.configure()
    toml = folder.path / "yett.toml"  # longer than `Served.stop` waits: who waits in vain fails
    folder.write("yett.toml", toml.read_text().replace("drain_timeout = 5", "drain_timeout = 60"))
    yield one
    one.close()


def until(sock, end):
    got = b""
    while end not in got:
        piece = sock.recv(65536)
        assert piece, got
        got += piece
    return got


def came(service, path):
    """Wait until a request for a path is at the service."""
    end = time.monotonic() + 60
    while path not in service.asked:
        assert time.monotonic() < end
        time.sleep(0.01)


def rest(sock):
    got = b""
    while piece := sock.recv(65536):
        got += piece
    return got


def test_sigterm_ends_streams_in_order_and_waits_for_requests(serve, service, folder):
    """Events get their last chunk, a WebSocket its FIN, a slow call its answer; the exit is 0."""
    served = serve()
    answers = []
    slow = threading.Thread(target=lambda: answers.append(served.get("/slow")))
    with (
        socket.create_connection((served.host, served.port), 10) as events,
        socket.create_connection((served.host, served.port), 10) as talk,
    ):
        events.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        until(events, b"data: 1")
        talk.sendall(HELLO)
        until(talk, b"\r\n\r\n")
        talk.sendall(b"hello")
        until(talk, b"hello")
        slow.start()
        came(service, "/slow")
        os.kill(served.process.pid, signal.SIGTERM)
        assert rest(events).endswith(b"\r\n0\r\n\r\n")
        assert rest(talk) == b""
        slow.join(20)
    assert answers == [(200, b"{}")]
    assert served.end() == 0
    assert verify(folder.path / "var/ledger").ok


def test_a_worker_that_drains_long_is_replaced_meanwhile(serve, service):
    """With one worker a rolling restart never shuts the gate, however long a request takes."""
    service.hangs = True
    served = serve("--workers", "1")
    held = []
    thread = threading.Thread(target=lambda: held.append(served.get("/items")))
    thread.start()
    came(service, "/items")
    (worker,) = [pid for pid in served.children() if "worker" in comm(pid)]
    os.kill(worker, signal.SIGTERM)
    served.wait("ready", role="supervisor", child="worker-0")
    assert served.get("/nowhere")[0] == 404
    assert worker in served.children()
    service.hangs = False
    thread.join(10)
    assert held == [(200, b"{}")]
    assert served.wait("left")["code"] == 0
    assert served.stop() == 0


def comm(pid):
    return Path(f"/proc/{pid}/comm").read_text()


def test_a_reload_changes_how_long_a_stop_waits(serve, service, folder):
    """`drain_timeout` of the contract that is in force counts, not that of the start."""
    served = serve()
    text = (folder.path / "yett.toml").read_text()
    folder.write("yett.toml", text.replace("drain_timeout = 60", "drain_timeout = 0.1"))
    os.kill(served.process.pid, signal.SIGHUP)
    served.wait("swapped", 2)
    service.hangs = True
    with socket.create_connection((served.host, served.port), 10) as held:
        held.sendall(b"GET /items HTTP/1.1\r\nHost: a\r\n\r\n")
        came(service, "/items")
        assert served.stop() == 3
    assert served.wait("cut")["connections"] == 1
