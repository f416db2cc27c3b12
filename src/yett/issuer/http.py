"""What an endpoint takes and gives: plain values, so that the core knows no web framework.

`Ask` is a request already read: form and query with each name once (RFC 6749 s3.1: parameters must
not be repeated), bounded. `Answer` is complete; `issuer/web.py` alone turns both into HTTP. Every
answer that carries a token or a person's data is `no-store`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from yett.terms import Certificate

if TYPE_CHECKING:
    from yett.issuer.server import Server

NO_STORE = ("cache-control", "no-store")


class Ask(Struct, frozen=True, kw_only=True):
    """A request to the issuer.

    Args:
        method: upper-case.
        path: below the issuer's own prefix, such as `/token`.
        arguments: values of the route's path parameters.
        query, form: parameters, each name once; `form` is empty for other bodies.
        body: the raw body of other media types, bounded.
        headers: lower-case names, one value each; a repeated `authorization` or `dpop` was refused.
        cookies: each name once; a repeated name is left out.
        source: the client's address.
        now: unix seconds, when the request arrived (before it waited for a thread).
        certificate: the client's verified certificate.
    """

    method: str
    path: str
    now: float
    source: str = ""
    arguments: dict[str, str] = {}
    query: dict[str, str] = {}
    form: dict[str, str] = {}
    body: bytes = b""
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    certificate: Certificate | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """A complete response; `headers` may repeat a name (`set-cookie`)."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Endpoint = Callable[["Server", Ask], Answer]


class Route(Struct, frozen=True, kw_only=True):
    """One row of a file's `ROUTES`.

    Args:
        method: `GET` or `POST` ...
        path: below the issuer's prefix, parameters in braces: `/ssf/streams/{id}`.
        endpoint: what answers, in a thread.
        root: whether the path stands at the host's root, as `.well-known` does (RFC 8414 s3).
        cross: whether pages of other origins may call it (CORS): token, userinfo, JWKS, metadata.
        form: whether the body is a form, which no page of another site may send (login CSRF).
    """

    method: str
    path: str
    endpoint: Endpoint
    root: bool = False
    cross: bool = False
    form: bool = False


def json_answer(value: Any, status: int = 200, *headers: tuple[str, str]) -> Answer:
    """Answer with JSON that no cache keeps."""
    return Answer(
        status=status,
        headers=(("content-type", "application/json"), NO_STORE, *headers),
        body=msgspec.json.encode(value),
    )


def redirect(
    url: str, parameters: dict[str, str] | None = None, *headers: tuple[str, str]
) -> Answer:
    """Send the browser on with 303, which never repeats a POST (RFC 9700 s4.12).

    Args:
        url: where to; already checked against what was registered.
        parameters: added to its query.
        headers: further fields.
    """
    if parameters:
        url += ("&" if "?" in url else "?") + urlencode(parameters)
    return Answer(status=303, headers=(("location", url), NO_STORE, *headers))
