from __future__ import annotations

import contextlib
import socket
import threading

import pytest


@pytest.fixture
def server():
    """Start servers on a free port that write given bytes to whoever connects; keep what they read."""
    opened = []

    def serve(*answers: bytes, wait: bytes = b"\r\n\r\n", linger: bool = False):
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)
        heard: list[bytes] = []
        peers: list[str] = []

        def run() -> None:
            for answer in answers:
                try:
                    connection, peer = listener.accept()
                except OSError:
                    return  # the test is over
                peers.append(peer[0])
                received = b""
                while wait not in received:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    received += piece
                heard.append(received)
                connection.sendall(answer)
                if not linger:
                    connection.close()
                else:
                    opened.append(connection)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return listener.getsockname()[1], heard, peers

    threads: list[threading.Thread] = []
    yield serve
    for each in opened:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        each.close()
    for thread in threads:
        thread.join(5)
