"""The three files that pages load: a script for passkeys, one for approvals, a style sheet.

Read once from the package; their digest stands in every page (Subresource Integrity), so that a
page never runs another version than the one it was written with.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from importlib.resources import files

from msgspec import Struct

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.server import Server

CACHED = ("cache-control", "public, max-age=300")


class StaticFile(Struct, frozen=True):
    """A file: its path below the issuer, media type, digest as SRI writes it, and content."""

    path: str
    media_type: str
    integrity: str
    content: bytes


def _load(name: str, media_type: str) -> StaticFile:
    content = files("yett.issuer.pages").joinpath("static", name).read_bytes()
    digest = b64encode(hashlib.sha384(content).digest()).decode()
    return StaticFile(f"/static/{name}", media_type, f"sha384-{digest}", content)


SCRIPT = _load("passkey.js", "text/javascript; charset=utf-8")
APPROVALS = _load("approvals.js", "text/javascript; charset=utf-8")
STYLE = _load("style.css", "text/css; charset=utf-8")
_FILES = {file.path: file for file in (SCRIPT, APPROVALS, STYLE)}


def static(server: Server, ask: Ask) -> Answer:  # noqa: ARG001 - the form of an endpoint
    """Answer with one of the files."""
    file = _FILES.get(f"/static/{ask.arguments.get('name', '')}")
    if file is None:
        raise OAuthError("not_found", status=404)
    headers = (
        ("content-type", file.media_type),
        CACHED,
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    )
    return Answer(headers=headers, body=file.content)


ROUTES: tuple[Route, ...] = (Route(method="GET", path="/static/{name}", endpoint=static),)
