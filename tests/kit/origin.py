"""A real HTTP server on loopback whose answers a test sets, and which counts who asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Answer = tuple[int, dict[str, str], bytes]


class Origin:
    """Serves `answers[path]`: a (status, headers, body) or a function that makes one.

    What is posted is answered by `posts[path]`, whose function is given the form's first values;
    `posted` has each path, its fields and its form.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.posts: dict[str, Answer | Callable[[dict[str, str]], Answer]] = {}
        self.posted: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.hits: Counter[str] = Counter()
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                origin.hits[self.path] += 1
                answer = origin.answers.get(self.path, (404, {}, b""))
                self.give(answer() if callable(answer) else answer)

            def do_POST(self) -> None:
                origin.hits[self.path] += 1
                text = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                form = {name: values[0] for name, values in parse_qs(text).items()}
                fields = {name.lower(): value for name, value in self.headers.items()}
                origin.posted.append((self.path, fields, form))
                answer = origin.posts.get(self.path, (404, {}, b""))
                self.give(answer(form) if callable(answer) else answer)

            def give(self, answer: Answer) -> None:
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop listening; later requests are refused by the kernel."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
