"""Ids in a request that name other records (`x-yett-ref`): each must be readable by the caller.

`POST /payments {booking_id}` moves somebody's booking as surely as a path would (OWASP API1). The
id of the operation's own record is no reference; neither is what a client cannot send (`readOnly`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yett.contract.model import Operation
from yett.contract.report import Report, quote
from yett.policy.authz.classes import EndlessClassError, class_pointers
from yett.policy.authz.declared import Declared, requests
from yett.policy.authz.facets import EVERY, Facets
from yett.policy.authz.facts import Facts
from yett.policy.authz.model import Located, Pointer, Referred
from yett.policy.authz.reads import locate, make_read, reader_of_type
from yett.policy.rules import AUTHZ_REFERENCE, AUTHZ_REFERENCE_ENDLESS

REFERENCE = "x-yett-ref"


def references_of(
    operation: Operation, facets: Facets, facts: Facts, report: Report, errors: Report
) -> tuple[Referred, ...]:
    """Return the references an operation takes; one that nothing reads is reported, not checked.

    One that can be at any depth is an error.
    """
    api = next(api for api in facts.contract.apis if api.name == operation.api)
    if not api.extended or (api.extensions is not None and REFERENCE not in api.extensions):
        return ()  # to walk all of Stripe's forms for nothing takes minutes
    record = facts.records.get(operation.id)
    own = locate(record.resource.id) if record is not None else None
    found: list[Referred] = []
    for located, type_ in _found(operation, record, facets, errors):
        if located == own:
            continue
        reader = reader_of_type(type_, operation.api, facts)
        read = make_read(reader, operation, facts) if reader is not None else None
        if read is None:
            _note(operation, located, type_, report)
        else:
            found.append(Referred(located=located, read=read))
    return tuple(found)


def _found(
    operation: Operation, record: Declared | None, facets: Facets, report: Report
) -> tuple[tuple[Located, str], ...]:
    try:
        return tuple(_places(operation, record, facets))
    except EndlessClassError as error:
        message = f"a reference to a {quote(error.name)} stands in a schema that contains itself"
        hint = "refer to records by a list beside the inner objects instead"
        report.add(
            AUTHZ_REFERENCE_ENDLESS, message, operation.source, hint=hint, subject=operation.id
        )
        return ()


def _places(
    operation: Operation, record: Declared | None, facets: Facets
) -> Iterator[tuple[Located, str]]:
    for parameter in operation.parameters:
        own = (parameter.schema,)
        items = facets.child(own, EVERY)
        words = facets.words(own, REFERENCE)
        for type_ in sorted(words | (facets.words(items.nodes, REFERENCE) if items else words)):
            yield Located(parameter.location, parameter.name), type_
    sent = record.sent if record is not None else requests(operation)
    for pointer, type_ in _pointers(facets, sent, patched=record is not None and record.patched):
        yield Located("body", pointer=pointer), type_


def _pointers(
    facets: Facets, nodes: tuple[Any, ...], *, patched: bool
) -> Iterator[tuple[Pointer, str]]:
    """Find the references of a request; nothing keeps a JSON Patch from what is `readOnly`."""
    found = class_pointers(facets, nodes, REFERENCE, readable=patched)
    for type_, pointers in found.items():
        yield from ((pointer, type_) for pointer in pointers)


def _note(operation: Operation, located: Located, type_: str, report: Report) -> None:
    place = located.name or "/" + "/".join(located.pointer)
    message = f"{quote(place)} names a {quote(type_)} that no operation reads; it is not checked"
    hint = f"declare `x-yett.resource: {{type: {type_}, id: path...}}` on a GET of one"
    report.add(AUTHZ_REFERENCE, message, operation.source, hint=hint, subject=operation.id)
