"""Approvals in the contract: what of a request is frozen, and the gate's own operations for them.

The own operations are an API like any other (the same credentials, limits, shapes and injection
rules), which the gate answers itself. They are there only where something asks for approvals, and
none of their rules can be switched off. See docs/spec/approval.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yett.contract.builtin import session_cookie
from yett.contract.config import Config
from yett.contract.model import (
    Api,
    Body,
    Contract,
    MediaType,
    Need,
    Operation,
    Parameter,
    SecurityScheme,
    Settings,
)
from yett.policy.approvable import Approvable
from yett.policy.authz.names import API, APPROVING, class_action
from yett.policy.authz.reads import locate
from yett.policy.head_fields import IGNORED_HEADERS
from yett.policy.issuer import issuer_base
from yett.policy.masks import Walk, make_mask
from yett.policy.vote_form import ID_SCHEMA, VOTE_SCHEMA

# What of a request's head can change what the service does. Others (`user-agent`, `traceparent`,
# `accept-language`, `accept-encoding` ...) may differ between the request that was approved and the
# one that runs. What else a service reads it should declare: declared fields are frozen too.
FROZEN_FIELDS = frozenset(
    (
        "accept",
        "content-encoding",
        "content-language",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "prefer",
        "range",
    )
)
# Its `:` keeps it apart from every `[api.NAME]`.
OWN_API = "yett:gate"
APPROVALS_PATH = "/.well-known/yett/approvals"
# By which a client names an approval; the gate reads it, and sends no such line on.
APPROVAL_FIELD = b"yett-approval"
LIST, SHOW, VOTE = "list-approvals", "show-approval", "vote"
SCOPE = "approve:"


def demands_approvals(operation: Operation) -> bool:
    """Whether other people must approve a request of this operation."""
    demand = operation.settings.sensitive
    return demand is not None and demand.approvals > 0


def is_frozen(operation: Operation) -> bool:
    """Whether requests of this operation are frozen: for approvers, or for a token's issuer."""
    demand = operation.settings.sensitive
    return demand is not None and (demand.approvals > 0 or demand.bind == "operation")


def approvable(operation: Operation, api: Api, action: str) -> Approvable | None:
    """Say how a request of an operation is frozen; None where nobody asks for it.

    Args:
        operation: the operation.
        api: whose document its schemas refer to.
        action: the operation's Cedar action, unique in the contract.
    """
    if not is_frozen(operation):
        return None
    shown = {(one.location, one.parameter) for one in _schemes((operation,))}
    resource = operation.settings.resource
    heads = {name.lower() for name in _declared(operation, "header")}
    return Approvable(
        reads=operation.body is not None and operation.settings.stream not in {"request", "both"},
        fields=FROZEN_FIELDS
        | heads - _UNFROZEN - {name.lower() for at, name in shown if at == "header"},
        cookies=tuple(
            sorted(name for name in _declared(operation, "cookie") if ("cookie", name) not in shown)
        ),
        credentials=frozenset(name for at, name in shown if at == "query"),
        secrets=frozenset(_secrets(operation, api.document)),
        mask=make_mask(operation.body.content, api.document) if operation.body else None,
        scope=SCOPE + action,
        action=class_action(action, APPROVING),
        type=API if resource is None else resource.type,
        located=None if resource is None else locate(resource.id),
    )


def own_api(contract: Contract) -> Api | None:
    """Build the gate's own operations for approvers; None where nothing asks for approvals."""
    operations = [operation for api in contract.apis for operation in api.operations]
    if not any(map(demands_approvals, operations)):
        return None
    schemes = (*_schemes(operations), *_browser(contract.config))
    security = tuple((Need(scheme, frozenset()),) for scheme in _renamed(schemes))
    named = Parameter(
        name="id", location="path", required=True, schema=ID_SCHEMA, style="simple", explode=False
    )
    content = (MediaType(name="application/json", schema=VOTE_SCHEMA),)
    rows: tuple[tuple[str, str, str, Body | None], ...] = (
        (LIST, "GET", "", None),
        (SHOW, "GET", "/{id}", None),
        (VOTE, "POST", "/{id}", Body(required=True, content=content)),
    )
    own = tuple(
        Operation(
            id=f"{OWN_API}.{name}",
            api=OWN_API,
            method=method,
            path=APPROVALS_PATH + path,
            parameters=(named,) if path else (),
            body=body,
            responses=(),
            security=security,
            settings=Settings(),
        )
        for name, method, path, body in rows
    )
    return Api(name=OWN_API, base="", upstream="", version="3.1", operations=own, document={})


def own_name(operation: Operation) -> str:
    """Name what the gate answers to one of its own operations, empty for all others."""
    return operation.id.removeprefix(OWN_API + ".") if operation.api == OWN_API else ""


def _schemes(operations: tuple[Operation, ...] | list[Operation]) -> tuple[SecurityScheme, ...]:
    """Return every scheme that operations name, once."""
    found = {
        need.scheme: None
        for operation in operations
        for needs in operation.security or ()
        for need in needs
    }
    return tuple(found)


def _browser(config: Config) -> Iterator[SecurityScheme]:
    """Where the issuer stands on this host, its pages ask with the cookie of a sign-in."""
    builtin = config.identity.builtin
    if builtin is not None and issuer_base(config):
        name, cookie = f"{OWN_API}-session", session_cookie(builtin)
        yield SecurityScheme(name=name, type="apiKey", location="cookie", parameter=cookie)


def _renamed(schemes: tuple[SecurityScheme, ...]) -> Iterator[SecurityScheme]:
    """Two services may give one name to different schemes: number them, alike ones once."""
    alike = {(s.type, s.location, s.parameter, s.http_scheme): s for s in schemes}
    for number, (kind, location, parameter, http_scheme) in enumerate(alike):
        yield SecurityScheme(
            name=f"{OWN_API}-{number}",
            type=kind,
            location=location,
            parameter=parameter,
            http_scheme=http_scheme,
        )


def _declared(operation: Operation, location: str) -> Iterator[str]:
    return (one.name for one in operation.parameters if one.location == location)


def _secrets(operation: Operation, document: Any) -> Iterator[str]:
    """Name the parameters whose value is a secret; header fields in lower case."""
    walk = Walk(document)
    for one in operation.parameters:
        if one.location != "path" and walk.declares(one.schema):
            yield one.name.lower() if one.location == "header" else one.name


# No parameters (OpenAPI 3.2.0 s4.12.2), credentials, and what tells the two calls apart.
_UNFROZEN = IGNORED_HEADERS - FROZEN_FIELDS | {"cookie", APPROVAL_FIELD.decode()}
