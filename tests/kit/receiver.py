"""A receiver of security events on loopback: keeps what is pushed, answers what it is told to."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Serves on `url`.

    Attributes:
        got: (path, fields, body) of each push.
        status: what it answers; a redirect leads to itself.
    """

    def __init__(self):
        self.got, self.status = [], 202
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/events"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                fields = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((self.path, fields, body))
                self.send_response(receiver.status)
                if 300 <= receiver.status < 400:
                    self.send_header("location", receiver.url + "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def do_GET(self):
                self.do_POST()

            def log_message(self, *_):
                pass

        return Handler
