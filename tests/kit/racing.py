"""The store of the scenarios in a thread, which provokes races and tells when one was lost.

A write to a booking waits until another reader has come, or a moment: writers that are not kept
apart have both read a draft before either is done. `stale` counts writes that met no draft.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kit.scenario import Store

ANOTHER_COMES_SECONDS = 0.03


class RacingStore(Store):
    """Serves on `port`.

    Attributes:
        stale: writes that met a booking which was no draft any more.
        readers, writers: requests that have come since the last `renew`.
        writing: set once a write has come.
        go: writes wait for it.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.stale = 0
        self.readers = self.writers = 0
        self.lock = threading.Lock()
        self.another = threading.Event()
        self.writing = threading.Event()
        self.go = threading.Event()
        self.go.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.go.set()
        self._server.shutdown()
        self._server.server_close()

    def renew(self):
        """Booking 1 is a draft again, and nobody has read it."""
        with self.lock:
            self.bookings[1]["status"] = "draft"
            self.versions[1] += 1
            self.readers = self.writers = 0
            self.another.clear()

    def answer(self, method, target, headers, body):
        if method == "GET":
            with self.lock:
                self.readers += 1
                if self.readers > 1:
                    self.another.set()
                return self.handle(method, target, headers, body)
        with self.lock:
            self.writers += 1
        self.writing.set()
        self.another.wait(ANOTHER_COMES_SECONDS)
        self.go.wait(30)
        with self.lock:
            before = self.bookings[1]["status"]
            status, lines, answer = self.handle(method, target, headers, body)
            self.stale += status < 300 and before != "draft"
            return status, lines, answer


def _handler(store):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one write: else each answer waits 40 ms for an ACK
        disable_nagle_algorithm = True

        def serve(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, lines, answer = store.answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in lines:
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    for method in ("GET", "PATCH", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    return Handler
