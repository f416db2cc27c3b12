"""The thin face: HTTP to `Ask`, `Answer` to HTTP, and nothing else decided here.

Bounds and one reading come first: sizes, times, each parameter and cookie once. Who the client is
(address, certificate) is believed of the gate alone, which shows this run's secret. Endpoints block
and run in a bounded pool of threads. Every answer gets the security fields that it did not set.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from hmac import compare_digest

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as WebRoute

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.reading import once, read_cookies, read_form, read_headers
from yett.issuer.server import Server
from yett.state.errors import StateError
from yett.terms import Certificate

MAX_BODY_BYTES = 256 * 1024
BODY_SECONDS = 15.0
GATE_FIELD, CERTIFICATE_FIELD = "yett-gate", "yett-certificate"
_OWN_SITES = ("same-origin", "none")

Handler = Callable[[Request], Awaitable[Response]]


class Face:
    """Turns routes into a Starlette application.

    Args:
        server: given to every endpoint.
        routes: all of them.
        threads: where endpoints run.
        secret: by which the gate is known; empty where nobody is believed.
        on_error: is told of a bug in an endpoint.
    """

    def __init__(
        self,
        server: Server,
        routes: tuple[Route, ...],
        threads: Executor,
        *,
        secret: bytes = b"",
        on_error: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        self._server, self._threads = server, threads
        self._secret, self._on_error = secret, on_error
        places: dict[str, dict[str, Route]] = {}
        for route in routes:
            for path in _places(server, route):
                places.setdefault(path, {})[route.method] = route
        self.app = Starlette(
            routes=[
                WebRoute(path, self._handler(found), methods=[*found, "OPTIONS"])
                for path, found in places.items()
            ],
            exception_handlers={404: self._not_found},
        )

    async def _not_found(self, request: Request, _error: Exception) -> Response:
        return self._respond(request, OAuthError("not_found", status=404).answer(), cross=False)

    def _handler(self, routes: dict[str, Route]) -> Handler:
        async def handle(request: Request) -> Response:
            now = time.time()
            route = routes.get("GET" if request.method == "HEAD" else request.method)
            if route is None:
                answer = Answer(status=204 if request.method == "OPTIONS" else 405)
                crossing = any(one.cross for one in routes.values())
                return self._respond(request, answer, cross=crossing)
            try:
                ask = await self._read(request, route, now)
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(
                    self._threads, route.endpoint, self._server, ask
                )
            except OAuthError as error:
                answer = error.answer()
            except StateError as error:
                self._on_error(error)
                answer = OAuthError("temporarily_unavailable", status=503).answer()
            except Exception as error:  # noqa: BLE001 — a bug answers 500, and shows nothing
                self._on_error(error)
                answer = OAuthError("server_error", status=500).answer()
            return self._respond(request, answer, cross=route.cross)

        return handle

    async def _read(self, request: Request, route: Route, now: float) -> Ask:
        headers = read_headers(request.headers.raw)
        believed = bool(self._secret) and compare_digest(
            headers.pop(GATE_FIELD, "").encode(), self._secret
        )
        source = request.client.host if request.client else ""
        certificate = headers.pop(CERTIFICATE_FIELD, "")
        if believed:
            source = headers.get("x-forwarded-for", source)
        if route.form:
            self._refuse_foreign(headers)
        body = await _read_body(request)
        form = read_form(headers.get("content-type", ""), body)
        return Ask(
            method=request.method,
            path=request.url.path.removeprefix(self._server.base),
            arguments={name: str(value) for name, value in request.path_params.items()},
            query=once(request.scope["query_string"]),
            form=form or {},
            body=body if form is None else b"",
            headers=headers,
            cookies=read_cookies(headers.get("cookie", "")),
            source=source,
            now=now,
            certificate=_certificate(certificate) if believed else None,
        )

    def _refuse_foreign(self, headers: dict[str, str]) -> None:
        """Refuse a form that a page of another site sent (CWE-352, and login CSRF)."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        own = site in _OWN_SITES if site is not None else origin in (None, self._server.origin)
        if not own or (origin is not None and origin != self._server.origin):
            raise OAuthError("access_denied", "the form came from another site", status=403)

    def _respond(self, request: Request, answer: Answer, *, cross: bool) -> Response:
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            (name.encode("ascii"), value.encode("latin-1")) for name, value in answer.headers
        ]
        if answer.status not in (204, 304):
            response.raw_headers.append((b"content-length", b"%d" % len(answer.body)))
        for name, value in self._defaults(request, cross=cross):
            response.headers.setdefault(name, value)
        return response

    def _defaults(self, request: Request, *, cross: bool) -> list[tuple[str, str]]:
        fields = [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ]
        origin = request.headers.get("origin", "")
        if cross and origin in self._server.config.cors.origins:
            fields += [
                ("access-control-allow-origin", origin),
                ("access-control-allow-methods", "GET, POST"),
                ("access-control-allow-headers", "authorization, content-type, dpop"),
                ("access-control-expose-headers", "dpop-nonce, www-authenticate"),
                ("vary", "Origin"),
            ]
        if self._server.secure:
            fields.append(("strict-transport-security", self._server.config.headers.hsts))
        return [(name, value) for name, value in fields if value]


def _places(server: Server, route: Route) -> list[str]:
    places = [server.base + route.path]
    if route.root and server.base:
        places.append(route.path + server.base)  # RFC 8414 s3.1
    return places


async def _read_body(request: Request) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise OAuthError("invalid_request", "the body is too large", status=413)
    except TimeoutError:
        raise OAuthError("invalid_request", "the body came too slowly", status=408) from None
    return body


def _certificate(shown: str) -> Certificate | None:
    return msgspec.json.decode(b64decode(shown), type=Certificate) if shown else None
