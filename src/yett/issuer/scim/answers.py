"""What is answered: a resource with its version and place, or a page of them (RFC 7644 s3.4.2)."""

from __future__ import annotations

from typing import Any

import msgspec
from scim2_models import Context, Resource, ResponseParameters

from yett.issuer.http import NO_STORE, Answer, Ask
from yett.issuer.scim.endpoints import BASE
from yett.issuer.scim.errors import MEDIA_TYPE, ScimError
from yett.issuer.server import Server

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def place(server: Server, path: str) -> str:
    """Return the URL of a resource."""
    return server.at(f"{BASE}{path}")


def version(etag: int) -> str:
    """Write a version (RFC 7643 s3.1): weak, for who is in which group is not part of it."""
    return f'W/"{etag}"'


def answered(
    resource: Resource[Any],
    showing: ResponseParameters[Any],
    ask: Ask,
    *,
    status: int = 200,
) -> Answer:
    """Answer one resource; 304 where the asker has this version."""
    meta = resource.meta
    assert meta is not None
    headers = [("content-type", MEDIA_TYPE), NO_STORE, ("location", str(meta.location))]
    if meta.version is not None:
        headers.append(("etag", meta.version))
        if ask.method == "GET" and _names(ask.headers.get("if-none-match", ""), meta.version):
            return Answer(status=304, headers=tuple(headers[1:]))
    body = msgspec.json.encode(shown(resource, showing))
    return Answer(status=status, headers=tuple(headers), body=body)


def listed(
    resources: list[Resource[Any]], showing: ResponseParameters[Any], *, total: int, start: int
) -> Answer:
    """Answer a page."""
    body: dict[str, Any] = {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": [shown(one, showing) for one in resources],
    }
    headers = (("content-type", MEDIA_TYPE), NO_STORE)
    return Answer(headers=headers, body=msgspec.json.encode(body))


def shown(resource: Resource[Any], showing: ResponseParameters[Any]) -> dict[str, Any]:
    """Write a resource as it is returned."""
    return resource.model_dump(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=showing
    )


def check_match(ask: Ask, etag: int) -> None:
    """Refuse a change of another version than the one that was read (RFC 7644 s3.14).

    Raises:
        ScimError: 412.
    """
    wanted = ask.headers.get("if-match", "")
    if wanted and not _names(wanted, version(etag)):
        raise ScimError(412, "the resource was changed meanwhile; read it again")


def _names(field: str, held: str) -> bool:
    """Whether a list of versions has one; strong or weak, for ours are compared by value."""
    versions = {one.strip().removeprefix("W/") for one in field.split(",")}
    return "*" in versions or held.removeprefix("W/") in versions
