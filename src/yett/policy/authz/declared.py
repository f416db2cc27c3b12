"""What the operations of a contract declare of records: one kind of record per `resource.type`.

Each operation says how its own answer (or its request, for a new record) shows the record; the
attributes of a type are the union of what its operations name.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from yett.contract.media import admits_json
from yett.contract.model import Api, Contract, Machine, Operation, Resource
from yett.contract.places import read_pointer, write_pointer
from yett.contract.report import Report, quote
from yett.policy.authz.attributes import Untyped, attribute_type
from yett.policy.authz.facets import EVERY, Facets
from yett.policy.authz.model import Pointer, Shape
from yett.policy.cedar.types import Attribute
from yett.policy.media import JSON_PATCH
from yett.policy.rules import AUTHZ_ATTRIBUTE

SAFE = frozenset(("GET", "HEAD", "QUERY"))


class Declared(Struct, frozen=True):
    """One operation about a record.

    Args:
        facets: reads the schemas of its api's document.
        shown: schemas of the record in its 2xx JSON answers; empty when there is none.
        sent: schemas of the record in its request; empty when there is none.
    """

    api: Api
    operation: Operation
    resource: Resource
    facets: Facets
    shown: tuple[Any, ...]
    sent: tuple[Any, ...]

    @property
    def safe(self) -> bool:
        """Whether it changes nothing (RFC 9110 s9.2.1)."""
        return self.operation.method in SAFE

    @property
    def patched(self) -> bool:
        """Whether it takes a JSON Patch, whose schema says nothing of the record."""
        body = self.operation.body
        names = () if body is None else (media.name for media in body.content)
        return JSON_PATCH in names

    @property
    def new(self) -> bool:
        """Whether it makes a record: unsafe, and no id is in the request."""
        return not self.safe and not self.resource.id

    def nodes(self) -> tuple[Any, ...]:
        """The schemas that a rule of this operation sees the record by."""
        return self.sent if self.new else self.shown

    def seen(self) -> tuple[tuple[Any, ...], ...]:
        """All schemas that surely describe the record as it is.

        A change describes what it shall be, and what an unsafe operation answers may be something
        else: a payment where an invoice was paid.
        """
        return (self.shown,) if self.safe else (self.sent,) if self.new else ()


def declared_records(contract: Contract) -> tuple[Declared, ...]:
    """Return every operation that is about a record, in order."""
    found: list[Declared] = []
    for api in contract.apis:
        facets = Facets(api.document)
        for operation in api.operations:
            resource = operation.settings.resource
            if resource is not None:
                found.append(_declared(api, operation, resource, facets))
    return tuple(_patched(record, found) for record in found)


def json_answers(operation: Operation) -> tuple[Any, ...]:
    """Return the schemas of an operation's 2xx JSON answers."""
    good = (r for r in operation.responses if r.status.startswith("2") or r.status == "default")
    content = (media for r in good for media in r.content if admits_json(media.name))
    return tuple(media.schema for media in content if media.schema is not None)


def requests(operation: Operation) -> tuple[Any, ...]:
    """Return the schemas of an operation's request bodies, of whatever media type.

    A form sets a field as surely as JSON does; of what no rule reads, step 11 makes a refusal.
    """
    content = operation.body.content if operation.body is not None else ()
    return tuple(media.schema for media in content if media.schema is not None)


def attributes_of(
    records: tuple[Declared, ...], machines: tuple[Machine, ...], report: Report
) -> dict[str, dict[str, tuple[Attribute, Pointer]]]:
    """Return type -> attribute name -> (attribute, pointer): the union over all operations."""
    pointers: dict[str, dict[str, tuple[Pointer, Declared]]] = {}
    for record in records:
        named = pointers.setdefault(record.resource.type, {})
        for name, text in record.resource.attrs.items():
            pointer = read_pointer(text)
            before = named.setdefault(name, (pointer, record))
            if before[0] != pointer:
                _conflict(record, name, before[0], report)
    for machine in machines:
        first = next((r for r in records if r.resource.type == machine.type), None)
        if first is not None:
            pointers[machine.type].setdefault(machine.field, ((machine.field,), first))
    return {type_: _typed(type_, named, records, report) for type_, named in pointers.items()}


def shows_record(record: Declared, attributes: dict[str, tuple[Attribute, Pointer]]) -> bool:
    """Whether an operation's answer is the record: of an unsafe one, if it has all that one has."""
    if record.safe:
        return True
    required = (at for one, at in attributes.values() if one.required)
    places = [read_pointer(record.resource.key), *required]
    return all(record.facets.at(record.shown, place) is not None for place in places)


def shape_of(
    record: Declared,
    attributes: dict[str, tuple[Attribute, Pointer]],
    nodes: tuple[Any, ...] | None = None,
) -> Shape:
    """Return how this operation shows the record: the attributes that its own schema declares.

    Args:
        record: the operation.
        attributes: those of the record's type.
        nodes: the schemas to look at, where they are not those that its rules are checked on.
    """
    nodes = record.nodes() if nodes is None else nodes
    here = tuple(
        pair for pair in attributes.values() if record.facets.at(nodes, pair[1]) is not None
    )
    key = read_pointer(record.resource.key)
    return Shape(type=record.resource.type, key=key, attributes=here)


def _declared(api: Api, operation: Operation, resource: Resource, facets: Facets) -> Declared:
    shown = json_answers(operation)
    pointer = read_pointer(resource.record)
    if resource.items is not None:
        pointer = (*read_pointer(resource.items), EVERY, *pointer)
    child = facets.at(shown, pointer) if shown else None
    return Declared(
        api, operation, resource, facets, child.nodes if child else (), requests(operation)
    )


def _patched(record: Declared, others: list[Declared]) -> Declared:
    """A JSON Patch writes the record as it is shown; its own schema says nothing of that."""
    if record.new or not record.patched:
        return record
    here = (record.resource.type, record.api.name)
    shown = [o.shown for o in others if o.safe and (o.resource.type, o.api.name) == here]
    return replace(record, sent=record.sent + tuple(node for nodes in shown for node in nodes))


def _typed(
    type_: str,
    named: dict[str, tuple[Pointer, Declared]],
    records: tuple[Declared, ...],
    report: Report,
) -> dict[str, tuple[Attribute, Pointer]]:
    own = [record for record in records if record.resource.type == type_]
    found = {}
    for name, (pointer, where) in named.items():
        attribute = _attribute(name, pointer, own, where, report)
        if attribute is not None:
            found[name] = (attribute, pointer)
    return found


def _attribute(
    name: str, pointer: Pointer, own: list[Declared], where: Declared, report: Report
) -> Attribute | None:
    """Type an attribute by all schemas that declare it; required when each of them requires it."""
    seen = [(r, r.facets.at(nodes, pointer)) for r in own for nodes in r.seen() if nodes]
    # Where no answer is surely the record, what writes say of it is all there is.
    seen = seen or [(r, r.facets.at(r.shown, pointer)) for r in own if r.shown]
    types = [(r, child, attribute_type(r.facets, child.nodes)) for r, child in seen if child]
    good = [(r, c, t) for r, c, t in types if not isinstance(t, Untyped)]
    if not good:
        reason = types[0][2].reason if types and isinstance(types[0][2], Untyped) else ""
        why = reason or f"no schema declares {quote(write_pointer(pointer))} of this record"
        _refuse(where, name, f"the attribute {quote(name)} has no type: {why}", report)
        return None
    first = good[0][2]
    for record, _, other in good[1:]:
        if other != first:
            message = f"the attribute {quote(name)} has two types in the operations of its record"
            _refuse(record, name, message, report)
    reading = [child for record, child, _ in good if not record.new] or [c for _, c, _ in good]
    required = all(c.required for c in reading) and not any(
        r.facets.nullable(c.nodes) for r, c, _ in good if not r.new
    )
    return Attribute(name, first, required)


def _conflict(record: Declared, name: str, before: Pointer, report: Report) -> None:
    message = (
        f"the attribute {quote(name)} of {quote(record.resource.type)} is elsewhere at "
        f"{quote(write_pointer(before))}"
    )
    _refuse(record, name, message, report)


def _refuse(record: Declared, name: str, message: str, report: Report) -> None:
    source = record.operation.source.at("x-yett", "resource", "attrs", name)
    hint = "pointers are relative to the record, such as `/customer_id`"
    report.add(AUTHZ_ATTRIBUTE, message, source, hint=hint, subject=record.operation.id)
