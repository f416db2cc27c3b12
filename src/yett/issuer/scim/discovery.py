"""What this service provider does: its features, resource types and schemas (RFC 7644 s4).

Drawn from the models that are applied, so that nothing is promised that is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    External,
    Filter,
    Meta,
    Patch,
    Reference,
    Resource,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Sort,
)

from yett.issuer.http import Answer, Ask
from yett.issuer.scim.answers import answered, listed, place
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.models import EnterpriseUser, Group, Person, User
from yett.issuer.scim.reading import read_showing
from yett.issuer.server import Server
from yett.state.accounts.search import MAX_AT_ONCE

Described = Resource[Any]


def provider_config(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /ServiceProviderConfig`."""
    del directory
    token = AuthenticationScheme(
        type=AuthenticationScheme.Type.oauthbearertoken,
        name="OAuth 2.0 access token",
        description="of this issuer, for a service with the scope `scim` or `scim:read`",
        spec_uri=Reference[External]("https://www.rfc-editor.org/rfc/rfc6750"),
        primary=True,
    )
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_AT_ONCE),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        authentication_schemes=[token],
    )
    _placed(server, config, "ServiceProviderConfig", "/ServiceProviderConfig")
    return answered(config, read_showing(ask, ServiceProviderConfig), ask)


def resource_types(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /ResourceTypes`."""
    del directory
    return _all(ask, [_typed(server, model) for model in (Person, Group)], ResourceType)


def resource_type(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /ResourceTypes/{id}`."""
    del directory
    return _one(ask, [_typed(server, model) for model in (Person, Group)], ResourceType)


def schemas(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /Schemas`."""
    del directory
    return _all(ask, _schemas(server), Schema)


def schema(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /Schemas/{id}`."""
    del directory
    return _one(ask, _schemas(server), Schema)


def _all(ask: Ask, found: list[Any], model: type[Described]) -> Answer:
    if "filter" in ask.query:
        # RFC 7644 s4: a client must not be led to believe that the filter was applied.
        raise ScimError(403, "what is described here is not filtered")
    return listed(found, read_showing(ask, model), total=len(found), start=1)


def _one(ask: Ask, found: list[Any], model: type[Described]) -> Answer:
    for one in found:
        if one.id == ask.arguments["id"]:
            return answered(one, read_showing(ask, model), ask)
    raise ScimError(404, "there is no such description")


def _typed(server: Server, model: type[Described]) -> Described:
    made = ResourceType.from_resource(model)
    return _placed(server, made, "ResourceType", f"/ResourceTypes/{made.id}")


def _schemas(server: Server) -> list[Described]:
    made = [build() for build in _BUILDERS]
    return [_placed(server, one, "Schema", f"/Schemas/{one.id}") for one in made]


def _placed(server: Server, made: Described, kind: str, path: str) -> Described:
    made.meta = Meta(resource_type=kind, location=place(server, path))
    return made


_BUILDERS: tuple[Callable[[], Described], ...] = tuple(
    cache(model.to_schema) for model in (User, Group, EnterpriseUser)
)
