"""200 MB each way through `yett serve` with a side that stalls: memory stays flat."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import pytest
from kit.service import Service

SIZE = 200 << 20
# Two high-water marks of 256 KB, reads of 256 KB, and what malloc keeps of them.
MOST_KILOBYTES = 24 * 1024


@pytest.fixture
def service(folder):
    one = Service()
    folder.port = one.port
    octets = {"required": True, "content": {"application/octet-stream": {}}}
    answers = {"responses": {"200": {"description": "fine"}}}
    upload = {"public": True, "stream": "request", "max_body": 1 << 28}
    download = {"public": True, "stream": "response"}
    paths = {
        "/upload": {"post": {"operationId": "up", "x-yett": upload, "requestBody": octets}},
        "/download": {"get": {"operationId": "down", "x-yett": download}},
    }
    for methods in paths.values():
        for operation in methods.values():
            operation.update(answers)
    document = {"openapi": "3.1.0", "info": {"title": "s", "version": "1"}, "paths": paths}
    folder.write("openapi.json", json.dumps(document))
    folder.configure()
    yield one
    one.close()


class Peak:
    """Watches how much of a worker's memory is resident."""

    def __init__(self, served):
        (self.pid,) = [
            pid for pid in served.children() if "worker" in Path(f"/proc/{pid}/comm").read_text()
        ]
        self.before = self.most = self.now()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def now(self):
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0])

    def watch(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, self.now())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    @property
    def growth(self):
        return self.most - self.before


def until_still(count):
    """Wait until a number does not change any more; answers it."""
    before = -1
    while before != count():
        before = count()
        time.sleep(0.3)
    return before


def test_an_upload_to_a_service_that_reads_slowly(serve, service):
    """The client is held back, and all of it arrives once the service reads on."""
    served = serve("--workers", "1")
    service.reads = False
    pushed = 0
    with socket.create_connection((served.host, served.port), 30) as client, Peak(served) as peak:
        head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n"
        client.sendall(f"{head}Content-Length: {SIZE}\r\n\r\n".encode())

        def push():
            nonlocal pushed
            piece = bytes(1 << 18)
            while pushed < SIZE:
                client.sendall(piece)
                pushed += len(piece)

        pushing = threading.Thread(target=push)
        pushing.start()
        assert until_still(lambda: pushed) < SIZE // 2
        assert peak.growth < MOST_KILOBYTES
        service.reads = True
        pushing.join(60)
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert service.taken == SIZE
    assert peak.growth < MOST_KILOBYTES


def test_a_download_by_a_client_that_stalls(serve, service):
    """The service is held back, and all of it arrives once the client reads on."""
    served = serve("--workers", "1")
    with socket.create_connection((served.host, served.port), 30) as client, Peak(served) as peak:
        client.sendall(b"GET /download HTTP/1.1\r\nHost: a\r\n\r\n")
        assert until_still(lambda: service.given) < SIZE // 2
        assert peak.growth < MOST_KILOBYTES
        got = 0
        while got < SIZE:
            piece = client.recv(1 << 20)
            assert piece
            got += len(piece)
    assert peak.growth < MOST_KILOBYTES
    assert served.stop() == 0
