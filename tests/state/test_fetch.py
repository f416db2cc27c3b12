"""The one outward call: what may be fetched, and how much of it."""

from __future__ import annotations

import socket
import threading

import pytest
from kit.origin import Origin

from yett.state import fetch as fetch_module
from yett.state.fetch import FetchError, check_url, fetch, post
from yett.terms import Secret


def test_a_document_is_fetched(origin):
    """The plain case."""
    origin.answers["/keys"] = (200, {}, b"{}")
    assert fetch(origin.url + "/keys", 100) == b"{}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/keys",
        "http://localhost.example.com/keys",
        "http://localhost:80@example.com/keys",
        "http://127.0.0.1@example.com/keys",
        "https://user:secret@example.com/keys",
        "http://127.1.example.com/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/keys",
        "data:application/json,{}",
        "//127.0.0.1/keys",
        "https://",
        "https://exa mple.com/",
        "https://example.com/\r\nx: y",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#fragment",
        "https://[::1/",
        "https://example.com:99999/",
        "",
    ],
)
def test_what_is_not_to_be_fetched_is_refused_before_any_connection(url):
    """Other schemes, user info, confusing forms and plain HTTP away from loopback are refused."""
    with pytest.raises(FetchError):
        check_url(url)
    with pytest.raises(FetchError):
        fetch(url, 100)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "https://a.example/k"]
)
def test_https_and_loopback_may_be_fetched(url):
    """The two kinds that are allowed."""
    assert check_url(url).hostname


def test_redirects_stay_on_their_origin(origin):
    """Within an origin a redirect is followed; to another host or port it is not."""
    other = Origin()
    other.answers["/keys"] = (200, {}, b"stolen")
    origin.answers["/keys"] = (200, {}, b"{}")
    origin.answers["/same"] = (302, {"location": "/keys"}, b"")
    origin.answers["/other"] = (302, {"location": other.url + "/keys"}, b"")
    origin.answers["/name"] = (302, {"location": f"http://localhost:{origin.port}/keys"}, b"")
    origin.answers["/file"] = (302, {"location": "file:///etc/passwd"}, b"")
    origin.answers["/loop"] = (302, {"location": "/loop"}, b"")
    try:
        assert fetch(origin.url + "/same", 100) == b"{}"
        for path in ("/other", "/name", "/file", "/loop"):
            with pytest.raises(FetchError):
                fetch(origin.url + path, 100)
        assert not other.hits
    finally:
        other.close()


def test_a_form_is_posted_with_our_credentials(origin):
    """The one call that carries a secret: to where it was told, and nowhere else."""
    origin.posts["/ask"] = (200, {}, b"{}")
    assert post(origin.url + "/ask", b"a=1&b=2", Secret("Basic eDp5"), 100) == b"{}"
    [(path, fields, form)] = origin.posted
    assert (path, form) == ("/ask", {"a": "1", "b": "2"})
    assert fields["authorization"] == "Basic eDp5"
    for status in (301, 302, 303, 307, 308):
        origin.posts["/ask"] = (status, {"location": "/elsewhere"}, b"")
        with pytest.raises(FetchError, match=f"answered {status}"):
            post(origin.url + "/ask", b"a=1", Secret("Basic eDp5"), 100)
    assert not origin.hits["/elsewhere"]
    with pytest.raises(FetchError, match="must be https"):
        post("http://example.com/ask", b"a=1", Secret("Basic eDp5"), 100)


def test_size_and_status_are_checked(origin):
    """Too much, an error status and no content are all failures."""
    origin.answers["/big"] = (200, {}, b"x" * 101)
    origin.answers["/error"] = (500, {}, b"{}")
    origin.answers["/partial"] = (206, {}, b"{}")
    for path in ("/big", "/error", "/partial", "/none"):
        with pytest.raises(FetchError):
            fetch(origin.url + path, 100)
    origin.answers["/fits"] = (200, {}, b"x" * 100)
    assert len(fetch(origin.url + "/fits", 100)) == 100


def test_nobody_listening_is_a_failure_without_a_trace(origin):
    """A refused connection is a named error with one line."""
    origin_url = origin.url
    origin.close()
    with pytest.raises(FetchError, match="cannot be fetched"):
        fetch(origin_url + "/keys", 100)


def serve_raw(raw, pieces=1):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for _ in range(pieces):
                connection.sendall(raw)

    threading.Thread(target=answer, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200,
    ],
)
def test_broken_http_is_a_named_failure(raw):
    """Empty, malformed, truncated and oversized answers raise the room's own error or end short."""
    listener, url = serve_raw(raw)
    with listener, pytest.raises(FetchError):
        fetch(url, 1000)


def test_an_endless_body_is_cut_off():
    """Without a length the cap still holds."""
    listener, url = serve_raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000)
    with listener, pytest.raises(FetchError, match="larger than 1000 bytes"):
        fetch(url, 1000)


def test_a_trickle_meets_the_deadline(monkeypatch):
    """A server that keeps sending a little is given up at the deadline, not at the socket's."""
    monkeypatch.setattr(fetch_module, "DEADLINE_SECONDS", -1.0)
    listener, url = serve_raw(b"HTTP/1.1 200 OK\r\n\r\nx")
    with listener, pytest.raises(FetchError, match="took longer"):
        fetch(url, 1000)
