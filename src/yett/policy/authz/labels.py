"""Which field classes each operation sends and shows, and the action that decides on each.

A safe operation's own class action (`getBooking:pii`) decides what its answer shows. The answer of
an unsafe one is decided by the operation that reads such records, where there is one, so that what
a reader may not see does not come back from a write. Writing is decided by the unsafe one's own.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.contract.model import Api, Contract, Operation
from yett.contract.places import read_pointer
from yett.contract.report import Report, quote
from yett.policy.authz.classes import CLASS, EndlessClassError, class_pointers
from yett.policy.authz.declared import SAFE, Declared, json_answers, requests
from yett.policy.authz.facets import EVERY, Facets
from yett.policy.authz.model import Pointer
from yett.policy.rules import AUTHZ_CLASS

Classes = dict[str, tuple[Pointer, ...]]


class Labels(Struct, frozen=True):
    """Classes of one operation, relative to its record (to the whole JSON where it has none)."""

    shown: Classes
    sent: Classes


def read_labels(
    contract: Contract, records: dict[str, Declared], report: Report
) -> dict[str, Labels]:
    """Return operation id -> classes, for operations that have any."""
    found: dict[str, Labels] = {}
    for api in contract.apis:
        if not api.extended or (api.extensions is not None and CLASS not in api.extensions):
            continue  # to walk all of Stripe's schemas for nothing takes minutes
        facets = Facets(api.document)
        for operation in api.operations:
            labels = _labels(api, operation, records.get(operation.id), facets, report)
            if labels.shown or labels.sent:
                found[operation.id] = labels
    return found


def _labels(
    api: Api, operation: Operation, record: Declared | None, facets: Facets, report: Report
) -> Labels:
    del api
    whole = _find(facets, json_answers(operation), operation, report)
    sent = {}
    if operation.method not in SAFE:
        nodes = record.sent if record is not None else requests(operation)
        sent = _find(facets, nodes, operation, report)
    if record is None or not whole:
        return Labels(whole, sent)
    return Labels(_within(whole, _prefix(record), operation, report), sent)


def _prefix(record: Declared) -> Pointer:
    inner = read_pointer(record.resource.record)
    items = record.resource.items
    return inner if items is None else (*read_pointer(items), EVERY, *inner)


def _within(whole: Classes, prefix: Pointer, operation: Operation, report: Report) -> Classes:
    """Make pointers relative to the record; a class beside it belongs to no record."""
    found: dict[str, tuple[Pointer, ...]] = {}
    for name, pointers in whole.items():
        inside = tuple(p[len(prefix) :] for p in pointers if p[: len(prefix)] == prefix)
        if len(inside) < len(pointers):
            message = f"the class {quote(name)} stands beside the record it should be a part of"
            hint = "move the property into the record, or name the record by `resource.record`"
            report.add(AUTHZ_CLASS, message, operation.source, hint=hint, subject=operation.id)
        if () in inside:
            _refuse_whole(name, operation, report)
        elif inside:
            found[name] = inside
    return found


def _refuse_whole(name: str, operation: Operation, report: Report) -> None:
    """A schema that is a property elsewhere may be labelled as a whole; as a record it leaked."""
    message = f"the class {quote(name)} stands on the whole record, of which nothing is left out"
    hint = "label its properties, or say by a policy on the operation who may see it"
    report.add(AUTHZ_CLASS, message, operation.source, hint=hint, subject=operation.id)


def _find(facets: Facets, nodes: tuple[Any, ...], operation: Operation, report: Report) -> Classes:
    for name in sorted(facets.words(nodes, CLASS)):
        _refuse_whole(name, operation, report)
    try:
        return class_pointers(facets, nodes)
    except EndlessClassError as error:
        message = f"the class {quote(error.name)} stands in a schema that contains itself"
        hint = "label the property that holds the inner objects instead"
        report.add(AUTHZ_CLASS, message, operation.source, hint=hint, subject=operation.id)
        return {}
