"""Principals: which entity a caller is, and which attributes its token or the service gives it.

`sub` is often not the id that records name their owner by: `[principal]` says which claim is, and
`[principal.enrich]` asks the service for what no token carries.
"""

from __future__ import annotations

from yett.contract.builtin import issuers_of
from yett.contract.config import PrincipalConfig
from yett.contract.model import Contract, Operation
from yett.contract.places import Source, read_pointer
from yett.contract.report import Report, quote
from yett.policy.authz.attributes import Untyped, attribute_type
from yett.policy.authz.declared import json_answers
from yett.policy.authz.facets import Facets
from yett.policy.authz.model import Enrichment, Identity, Pointer, Read, Shape
from yett.policy.authz.names import ANONYMOUS, KEY, SERVICE, bare
from yett.policy.cedar.types import Attribute, Plain, SetOf, Type
from yett.policy.rules import AUTHZ_ENRICH

_CLAIM_TYPES: dict[str, Type] = {
    "String": Plain("String"),
    "Long": Plain("Long"),
    "Bool": Plain("Bool"),
    "Set<String>": SetOf(Plain("String")),
}


def claim_attributes(config: PrincipalConfig) -> tuple[tuple[Attribute, str], ...]:
    """Return the attributes that are claims, each with its claim."""
    return tuple(
        (Attribute(name, _CLAIM_TYPES[setting.type], setting.required), setting.claim)
        for name, setting in config.attributes.items()
    )


def enriched_attributes(
    contract: Contract, report: Report
) -> tuple[tuple[Attribute, Pointer], ...]:
    """Return the attributes that the service knows, typed by the operation's answer."""
    enrich = contract.config.principal.enrich
    operation = enriching_operation(contract)
    if enrich is None or operation is None:
        return ()
    api = next(api for api in contract.apis if api.name == operation.api)
    facets, nodes = Facets(api.document), json_answers(operation)
    found: list[tuple[Attribute, Pointer]] = []
    for name, text in enrich.attributes.items():
        child = facets.at(nodes, read_pointer(text)) if nodes else None
        type_ = attribute_type(facets, child.nodes) if child else Untyped("nothing declares it")
        if isinstance(type_, Untyped):
            message = f"the attribute {quote(name)} of the principal has no type: {type_.reason}"
            report.add(AUTHZ_ENRICH, message, operation.source, subject=operation.id)
        else:
            found.append((Attribute(name, type_), read_pointer(text)))
    return tuple(found)


def enriching_operation(contract: Contract) -> Operation | None:
    """Return the operation that knows more of the caller; None when none is configured or found."""
    enrich = contract.config.principal.enrich
    if enrich is None:
        return None
    operations = (operation for api in contract.apis for operation in api.operations)
    return next((o for o in operations if enrich.operation in (o.id, bare(o))), None)


def make_identity(
    contract: Contract,
    claims: tuple[tuple[Attribute, str], ...],
    enriched: tuple[tuple[Attribute, Pointer], ...],
    report: Report,
) -> Identity:
    """Return how callers become entities."""
    config = contract.config
    roles = config.vocabulary.roles
    return Identity(
        types={
            "user": config.principal.type,
            "service": SERVICE,
            "key": KEY,
            "anonymous": ANONYMOUS,
        },
        claim=config.principal.id,
        namespaces={one.url: one.namespace for one in issuers_of(config.identity)},
        certified=frozenset(one.service for one in config.identity.certificate),
        strangers=frozenset(one.url for one in config.identity.issuer),
        attributes=claims,
        enrichment=_enrichment(contract, enriched, report),
        roles={role: frozenset(scopes) for role, scopes in roles.items()},
    )


def _enrichment(
    contract: Contract, enriched: tuple[tuple[Attribute, Pointer], ...], report: Report
) -> Enrichment | None:
    enrich = contract.config.principal.enrich
    operation = enriching_operation(contract)
    if enrich is None:
        return None
    if operation is None or operation.method != "GET" or "{" in operation.path:
        message = f"{quote(enrich.operation)} is no GET without path parameters"
        hint = "name an operation that answers who the caller is, such as `getMe`"
        report.add(AUTHZ_ENRICH, message, operation.source if operation else Source(), hint=hint)
        return None
    base = next(api.base for api in contract.apis if api.name == operation.api)
    shape = Shape(type=contract.config.principal.type, key=(), attributes=())
    read = Read(
        operation=operation.id,
        upstream=operation.api,
        path=(base + operation.path,),
        pointer=(),
        shape=shape,
    )
    return Enrichment(read=read, attributes=enriched, seconds=enrich.ttl)
