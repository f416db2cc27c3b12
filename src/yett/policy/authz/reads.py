"""How a record is read from the service: which operation, which path, and where it stands there.

The operation named by `resource.read`, else a GET of the same record type on the same path, else
on the longest path that ends with the record's id (`/bookings/{id}/cancel` -> `/bookings/{id}`).
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from yett.contract.model import Operation
from yett.contract.places import read_pointer
from yett.policy.authz.declared import Declared, shape_of
from yett.policy.authz.facts import Facts
from yett.policy.authz.model import Located, Read
from yett.policy.authz.names import bare, class_action

# RFC 3986 s3.3, pchar and the slash.
_PATH_SAFE = "/-._~!$&'()*+,;=:@"
_PIECES = re.compile(r"\{([^{}]*)\}")


def locate(text: str) -> Located | None:
    """Read `path.booking_id`, `query.id`, `header.X-Id`, `cookie.id` or `body./booking/id`."""
    where, _, rest = text.partition(".")
    if where == "body":
        return Located("body", pointer=read_pointer(rest)) if rest.startswith("/") else None
    return Located(where, rest) if where in ("path", "query", "header", "cookie") and rest else None


def reader_of(record: Declared, facts: Facts) -> Declared | None:
    """Return the operation that reads what this one writes; None when nothing does."""
    if record.resource.read:
        return _named(record.resource.read, record, facts)
    candidates = _readers(record.resource.type, record.api.name, facts)
    path = record.operation.path
    above = [c for c in candidates if (path + "/").startswith(c.operation.path + "/")]
    others = [c for c in above if c.operation.id != record.operation.id]
    return max(others, key=lambda c: (_shows(c, facts), len(c.operation.path)), default=None)


def reader_of_type(type_: str, api: str, facts: Facts) -> Declared | None:
    """Return the one operation that reads a record of a type by its id; None when nothing does."""
    own = [r for r in facts.records.values() if r.resource.type == type_ and r.api.name == api]
    for record in own:
        if record.resource.read:
            return _named(record.resource.read, record, facts)
    candidates = _readers(type_, api, facts)
    return max(candidates, key=lambda c: (_shows(c, facts), -len(c.operation.path)), default=None)


def showing_action(operation: Operation, name: str, facts: Facts) -> str:
    """Return the action that decides whether a field class is shown in an operation's answer."""
    own = class_action(facts.actions[operation.id], name)
    record = facts.records.get(operation.id)
    if record is None or record.safe:
        return own
    reader = reader_of(record, facts) or reader_of_type(
        record.resource.type, record.api.name, facts
    )
    labels = facts.labels.get(reader.operation.id) if reader is not None else None
    if reader is None or labels is None or name not in labels.shown:
        return own
    return class_action(facts.actions[reader.operation.id], name)


def make_read(reader: Declared, asking: Operation, facts: Facts) -> Read | None:
    """Return how to read a record on behalf of `asking`; None when a parameter is not known.

    Path parameters of `asking` fill those of the same name in the reader's path.
    """
    located = locate(reader.resource.id)
    if located is None or located.where != "path" or _needs_query(reader.operation):
        return None
    known = set(_PIECES.findall(asking.path))
    path: list[str | Located | None] = []
    for at, piece in enumerate(_PIECES.split(reader.api.base + reader.operation.path)):
        if at % 2 == 0:
            path.append(quote(unquote(piece), safe=_PATH_SAFE))
        elif piece == located.name:
            path.append(None)
        elif piece in known:
            path.append(Located("path", piece))
        else:
            return None
    return Read(
        operation=reader.operation.id,
        upstream=reader.api.name,
        path=tuple(piece for piece in path if piece != ""),
        pointer=read_pointer(reader.resource.record),
        shape=shape_of(reader, facts.attributes[reader.resource.type]),
    )


def _named(name: str, record: Declared, facts: Facts) -> Declared | None:
    for found in facts.records.values():
        same = found.resource.type == record.resource.type and _reads_one(found)
        if same and name in (found.operation.id, bare(found.operation)):
            return found
    return None


def _readers(type_: str, api: str, facts: Facts) -> list[Declared]:
    return [
        record
        for record in facts.records.values()
        if record.resource.type == type_ and record.api.name == api and _reads_one(record)
    ]


def _shows(record: Declared, facts: Facts) -> int:
    """How many attributes an answer shows: a receipt is on a longer path, and shows none."""
    return len(shape_of(record, facts.attributes[record.resource.type]).attributes)


def _reads_one(record: Declared) -> bool:
    resource, settings = record.resource, record.operation.settings
    streamed = settings.websocket or settings.stream in ("response", "both")
    one = resource.items is None and bool(resource.id)
    return record.operation.method == "GET" and one and not streamed


def _needs_query(operation: Operation) -> bool:
    return any(p.required and p.location != "path" for p in operation.parameters)
