from __future__ import annotations

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
                connection, peer = listener.accept()
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

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1], heard, peers

    yield serve
    for each in opened:
        each.close()
