"""Fetches one small document over HTTPS, and nothing else: the outward calls of this room.

Plain `http` is for loopback only; no user info, no redirect to another origin, no other scheme
(PyJWT had to learn both: `file://` and redirects), a size cap, a deadline. The address always comes
from the configuration or from the issuer's own metadata, never from a token.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.parse import SplitResult, urlsplit

from yett.contract.addresses import is_loopback
from yett.terms import Secret

MAX_REDIRECTS = 3
TIMEOUT_SECONDS = 5.0
DEADLINE_SECONDS = 10.0
CHUNK_BYTES = 16 * 1024


class FetchError(Exception):
    """A document that could not be had; `message` is one line without secrets.

    `status` is that of the answer, 0 where none came, or not whole.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def check_url(url: str) -> SplitResult:
    """Split a URL that may be fetched.

    Raises:
        FetchError: another scheme, user info, or plain HTTP to anything but loopback.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise FetchError(f"`{url}` is not a URL") from None
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise FetchError(f"`{url}` is not an http(s) URL")
    if "@" in parts.netloc or "\\" in url or parts.fragment:
        # http://localhost:80@evil.example (Authlib before 1.8 took it for loopback).
        raise FetchError("a URL with user info, backslash or fragment is not fetched")
    if parts.scheme == "http" and not is_loopback(host):
        raise FetchError(f"`{url}` must be https; plain http is for loopback only")
    return parts


def fetch(url: str, most_bytes: int) -> bytes:
    """Get a document; blocks, so call it in a thread.

    Raises:
        FetchError: not to be fetched, unreachable, too slow, too large, or not answered with 200.
    """
    parts = check_url(url)
    return _answered(_opener(parts, _SameOrigin()), url, most_bytes, {}, None)


def post(url: str, form: bytes, authorization: Secret, most_bytes: int) -> bytes:
    """Post a form and get a document; blocks. What is sent is a secret: no redirect is followed.

    Args:
        url: the endpoint.
        form: `application/x-www-form-urlencoded`.
        authorization: the whole value of that field.
        most_bytes: of the answer.

    Raises:
        FetchError: as in `fetch`.
    """
    parts = check_url(url)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "authorization": authorization.reveal().decode("ascii"),
    }
    return _answered(_opener(parts), url, most_bytes, headers, form)


def _answered(
    opener: urllib.request.OpenerDirector,
    url: str,
    most_bytes: int,
    headers: dict[str, str],
    form: bytes | None,
) -> bytes:
    asking = {"accept": "application/json", **headers}
    request = urllib.request.Request(url, data=form, headers=asking)  # noqa: S310 — checked by who calls
    deadline = time.monotonic() + DEADLINE_SECONDS
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            if response.status != 200:
                raise FetchError(f"`{url}` answered {response.status}", response.status)
            return _read(response, url, most_bytes, deadline)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"`{url}` answered {error.code}", error.code) from None
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(f"`{url}` cannot be fetched: {type(error).__name__}") from error


def _read(response: HTTPResponse, url: str, most_bytes: int, deadline: float) -> bytes:
    """Read in pieces, so that neither a flood nor a trickle lasts."""
    body = b""
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > most_bytes:
            raise FetchError(f"`{url}` is larger than {most_bytes} bytes", response.status)
        if time.monotonic() > deadline:
            raise FetchError(f"`{url}` took longer than {DEADLINE_SECONDS:.0f} s")
    if response.length:
        raise FetchError(f"`{url}` broke off")  # read1 does not notice: bytes are still owed
    return body


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows redirects within one origin."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(  # noqa: PLR0917 — the signature is urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if _origin(check_url(newurl)) != _origin(urlsplit(req.full_url)):
            raise FetchError(f"`{req.full_url}` redirects to another origin")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname, port


def _opener(
    parts: SplitResult, *redirects: urllib.request.HTTPRedirectHandler
) -> urllib.request.OpenerDirector:
    """Build an opener that speaks HTTP and HTTPS alone: no file, ftp or data handlers."""
    opener = urllib.request.OpenerDirector()
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        *redirects,
    ]
    if not is_loopback(parts.hostname or ""):
        handlers.append(urllib.request.ProxyHandler())
    for handler in handlers:
        opener.add_handler(handler)
    return opener
