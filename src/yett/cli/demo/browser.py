"""A browser with cookies, redirects and forms, for people who sign in; it runs no script.

What the pages' script does for passkeys the caller does. It never leaves the origin: a redirect to
another one is where the visit ends, as the client's address after a sign-in.
"""

from __future__ import annotations

import http.client
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct

from yett.cli.demo.traffic import HOST, TIMEOUT_SECONDS

MOST_REDIRECTS = 10
REDIRECTS = (302, 303)
FORM = "application/x-www-form-urlencoded"


class Form(Struct, frozen=True):
    """A form of a page: what its tag says, and its fields as they are filled in already."""

    tag: dict[str, str]
    fields: dict[str, str]


class Page(Struct, frozen=True):
    """Where a visit ended.

    Args:
        url: a path of ours, or a whole URL elsewhere.
        status: 0 elsewhere, where nothing was asked.
        body: what was answered.
    """

    url: str
    status: int = 0
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL."""
        return dict(parse_qsl(urlsplit(self.url).query))

    def form(self, end: str) -> Form | None:
        """Return the form whose action ends so, None when there is none."""
        reader = _Forms()
        reader.feed(self.body.decode())
        return next((one for one in reader.forms if one.tag.get("action", "").endswith(end)), None)


class Browser:
    """One person's browser.

    Args:
        port: where the gate listens; the origin is `http://localhost:PORT`.
    """

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.cookies: dict[str, str] = {}
        self.sent = 0
        self._port = port

    def visit(self, target: str) -> Page:
        """Go to a path of ours, and on to where it leads."""
        return self._go("GET", target, b"")

    def send(self, form: Form, **filled: str) -> Page:
        """Send a form with some fields filled in, and go on to where it leads."""
        body = urlencode({**form.fields, **filled}).encode()
        return self._go("POST", form.tag["action"], body)

    def _go(self, method: str, target: str, body: bytes) -> Page:
        for _ in range(MOST_REDIRECTS):
            status, place, text = self._ask(method, target, body)
            if status not in REDIRECTS:
                return Page(target, status, text)
            if not place.startswith((self.origin + "/", "/")):
                return Page(place)
            method, target, body = "GET", place.removeprefix(self.origin), b""
        return Page(target)

    def _ask(self, method: str, target: str, body: bytes) -> tuple[int, str, bytes]:
        fields = {"host": urlsplit(self.origin).netloc, "sec-fetch-site": "same-origin"}
        if self.cookies:
            fields["cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        if method == "POST":
            fields |= {"origin": self.origin, "content-type": FORM}
        self.sent += 1
        connection = http.client.HTTPConnection(HOST, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, target, body or None, fields)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("set-cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.getheader("location") or "", answer.read()
        finally:
            connection.close()


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(said, {}))
        elif tag == "input" and self.forms and "name" in said:
            self.forms[-1].fields[said["name"]] = said.get("value", "")
