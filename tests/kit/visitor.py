"""A browser at the issuer, without a network: it calls endpoints and keeps cookies."""

from __future__ import annotations

import time

from yett.issuer.http import Ask


class Visitor:
    """A browser at the issuer: it keeps cookies, and follows where it is sent by hand."""

    def __init__(self, server):
        self.server, self.cookies = server, {}

    def get(self, endpoint, path, **parts):
        """Ask an endpoint as a GET."""
        return self._ask(endpoint, "GET", path, **parts)

    def post(self, endpoint, path, **parts):
        """Send a form to an endpoint."""
        return self._ask(endpoint, "POST", path, **parts)

    def _ask(self, endpoint, method, path, *, now=None, source="192.0.2.1", **parts):
        ask = Ask(
            method=method,
            path=path,
            now=time.time() if now is None else now,
            source=source,
            cookies=dict(self.cookies),
            **parts,
        )
        answer = endpoint(self.server, ask)
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, text = cookie.partition("=")
                if "Max-Age=0" in rest:
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = text
        return answer


def where(answer):
    """Return where an answer leads."""
    assert answer.status == 303, (answer.status, answer.body[:2000])
    return dict(answer.headers)["location"]


def text_of(answer):
    """Return a page's text."""
    return answer.body.decode()
