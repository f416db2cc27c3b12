"""The routes of `/scim/v2`, and how their failures are said.

The library of the models is loaded by the first request, so that who has no directory pays nothing;
without it every answer is 501 and names the extra. Who asks is judged before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy.exc import IntegrityError

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Endpoint, Route
from yett.issuer.scim.access import directory_of
from yett.issuer.scim.errors import ScimError
from yett.issuer.server import Server

BASE = "/scim/v2"
TRIES = 3
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOT_INSTALLED = "the library for SCIM is not installed: `pip install 'yett[scim]'`"

Handler = Callable[[Server, Ask, str], Answer]


def _late(room: str, name: str, *, reads: bool = False) -> Endpoint:
    """Make an endpoint of a function in another file, which is loaded when it is called."""

    def endpoint(server: Server, ask: Ask) -> Answer:
        directory = _who(server, ask, reads=reads)
        handler, guarded = _load(room, name)
        for _ in range(TRIES):
            try:
                answer: Answer = guarded(handler, server, ask, directory)
            except IntegrityError:  # two did the same at once: the next try sees what the other did
                continue
            return answer
        raise ScimError(409, "somebody does the same just now", "uniqueness")

    return endpoint


def _load(room: str, name: str) -> tuple[Handler, Any]:
    try:
        failures = import_module("yett.issuer.scim.failures")
        return getattr(import_module(f"yett.issuer.scim.{room}"), name), failures.guarded
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("scim2_models", "pydantic"):
            raise ScimError(501, NOT_INSTALLED) from None
        raise


def _who(server: Server, ask: Ask, *, reads: bool = False) -> str:
    try:
        return directory_of(server, ask, reads=reads)
    except OAuthError as error:
        detail = error.description or "the access token is not good for this"
        raise ScimError(error.status, detail, headers=error.headers) from None


def unsupported(server: Server, ask: Ask) -> Answer:
    """Answer what is not done here: `/Bulk` and `/Me` (RFC 7644 s3.7, s3.11)."""
    _who(server, ask, reads=True)
    raise ScimError(501, "this is not supported; see /ServiceProviderConfig")


def elsewhere(server: Server, ask: Ask) -> Answer:
    """Answer what is no endpoint, or not by this method, as a SCIM error."""
    _who(server, ask, reads=True)
    allowed = sorted(one.method for one in _NAMED if _pattern(one.path).fullmatch(ask.path))
    if allowed:
        headers = (("allow", ", ".join(allowed)),)
        raise ScimError(405, "this method is not for this resource", headers=headers)
    raise ScimError(404, "there is no such endpoint")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


def _route(method: str, path: str, endpoint: Endpoint) -> Route:
    return Route(method=method, path=BASE + path, endpoint=endpoint)


_NAMED = (
    _route("GET", "/ServiceProviderConfig", _late("discovery", "provider_config")),
    _route("GET", "/ResourceTypes", _late("discovery", "resource_types")),
    _route("GET", "/ResourceTypes/{id}", _late("discovery", "resource_type")),
    _route("GET", "/Schemas", _late("discovery", "schemas")),
    _route("GET", "/Schemas/{id}", _late("discovery", "schema")),
    *(
        _route(method, f"/{name}{path}", _late(name.lower(), does, reads=does == "search"))
        for name in ("Users", "Groups")
        for method, path, does in (
            ("GET", "", "search"),
            ("POST", "/.search", "search"),
            ("POST", "", "create"),
            ("GET", "/{id}", "read"),
            ("PUT", "/{id}", "replace"),
            ("PATCH", "/{id}", "patch"),
            ("DELETE", "/{id}", "remove"),
        )
    ),
    *(_route(method, "/Me", unsupported) for method in METHODS),
    _route("POST", "/Bulk", unsupported),
    _route("POST", "/.search", unsupported),
)
# Last: the face takes the first that matches.
ROUTES = (*_NAMED, *(_route(method, "/{rest:path}", elsewhere) for method in METHODS))
