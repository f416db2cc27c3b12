import contextlib
import http.server
import threading
import time

import pytest

from yett.cli import fetch as room
from yett.cli.fetch import FetchError, export_app, fetch


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "/o.json")
            self.end_headers()
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("location", "http://localhost:1/o.json")
            self.end_headers()
        elif self.path == "/file":
            self.send_response(302)
            self.send_header("location", "file:///etc/passwd")
            self.end_headers()
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("location", "/loop")
            self.end_headers()
        elif self.path == "/o.json":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"openapi": "3.1.0"}')
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    self.wfile.write(b" ")
                    time.sleep(0.01)
        else:
            self.send_error(404)

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["/o.json", "/moved"])
def test_a_description_is_fetched(site, path):
    """Also after a redirect on the same host."""
    assert fetch(site + path) == b'{"openapi": "3.1.0"}'


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/away", "redirects to another host"),
        ("/file", "answered 302"),
        ("/loop", "answered 302"),
        ("/x", "answered 404"),
    ],
)
def test_other_answers_are_refused(site, path, words):
    """No redirect leads to another host or to a file (SSRF)."""
    with pytest.raises(FetchError) as caught:
        fetch(site + path)
    assert words in caught.value.message
    assert caught.value.hint


def test_a_trickle_ends(site, monkeypatch):
    """A server that says a byte at a time is left at the deadline."""
    monkeypatch.setattr(room, "FETCH_SECONDS", 0.2)
    with pytest.raises(FetchError, match="took longer"):
        fetch(site + "/drip")


def test_a_host_that_is_not_there(site):
    """A reason, and no stack trace."""
    with pytest.raises(FetchError, match="cannot be read"):
        fetch("http://127.0.0.1:1/")


def test_a_description_has_a_bound(site, monkeypatch):
    """Beyond it the transfer ends."""
    monkeypatch.setattr(room, "MAX_FILE_BYTES", 5)
    with pytest.raises(FetchError, match="larger than"):
        fetch(site + "/o.json")


APP = """
print("noise on stdout")
class App:
    def openapi(self):
        return {"openapi": "3.1.0", "title": "é"}
app = App()
nothing = 3
class inner:
    app = app
"""


@pytest.mark.parametrize("name", ["shop", "shop:app", "shop:inner.app"])
def test_an_app_describes_itself(tmp_path, name):
    """`module:attribute`; what it prints does not matter."""
    (tmp_path / "shop.py").write_text(APP)
    assert '"é"' in export_app(name, tmp_path).decode()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nope:app", "No module named 'nope'"),
        ("shop:nope", "has no attribute 'nope'"),
        ("shop:nothing", "the app has no `.openapi()`"),
        ("broken", "ZeroDivisionError"),
        ("quits", "gives no description"),
        (":", "gives no description"),
    ],
)
def test_an_app_that_gives_none_is_named(tmp_path, name, words):
    """The last line of what went wrong, in a process of its own."""
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "quits.py").write_text("import os; os._exit(0)")
    with pytest.raises(FetchError) as caught:
        export_app(name, tmp_path)
    assert words in caught.value.message
