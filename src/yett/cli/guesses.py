"""Guesses which records a contract is about, from paths such as `/bookings/{booking_id}`.

A type is guessed where a GET on a path that ends in an id answers one JSON object. For a person to
read and decide: nothing is enforced by a guess.
"""

from __future__ import annotations

import re

from msgspec import Struct

from yett.cli.owner_guesses import Owner, OwnerGuessing
from yett.contract.cedar_names import type_flaw
from yett.contract.described import EVERY, Described, Nodes, answers, requests
from yett.contract.model import Api, Contract, Operation
from yett.contract.places import read_pointer

MAX_TYPES = 200
STATES = ("status", "state")
TOTALS = ("total", "count")

_LAST = re.compile(r"(.*)/\{([^{}/]+)\}\Z")
_WORDS = re.compile(r"[A-Za-z0-9]+")
_SCHEMAS = "#/components/schemas/"


class Guess(Struct, frozen=True, kw_only=True):
    """A type of record.

    Args:
        type: entity type, such as `Booking`.
        about: (operation, its `resource` as JSON) for each operation that is about one.
        owner: how it names its owner, None when nothing looks like it.
        new: operations that make a record; `known`: those that name one or list them.
    """

    type: str
    about: tuple[tuple[Operation, dict[str, object]], ...]
    owner: Owner | None
    new: tuple[Operation, ...]
    known: tuple[Operation, ...]


def guess_records(contract: Contract) -> tuple[Guess, ...]:
    """Guess the records of a contract that declares none."""
    found: dict[str, Guess] = {}
    for api in contract.apis:
        guessing = _Guessing(api)
        for operation in api.operations:
            match = _LAST.match(operation.path)
            if operation.method == "GET" and match and len(found) < MAX_TYPES:
                guess = guessing.of(operation, match[1], match[2])
                if guess is not None:
                    found.setdefault(guess.type, guess)
    return tuple(found.values())


class _Guessing:
    """Looks at the operations of one api around each that reads a record."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._described = Described(api)
        self._owners = OwnerGuessing(api)

    def of(self, reader: Operation, base: str, parameter: str) -> Guess | None:
        nodes = answers(reader)
        names = self._described.names(nodes)
        if not names:
            return None
        type_, schema = _type(nodes, base)
        if type_flaw(type_):
            return None
        about = self._about((base, parameter), schema)
        shown = tuple(answers(o) for o, resource in about if "items" not in resource)
        sent = tuple(node for o, _ in about for node in requests(o))
        owner = self._owners.find(nodes, shown, sent)
        more = self._more(nodes, names, owner, parameter)
        return Guess(
            type=type_,
            about=tuple(
                (o, {"type": type_} | resource | (more if o is reader else {}))
                for o, resource in about
            ),
            owner=owner,
            new=tuple(o for o, resource in about if not resource),
            known=tuple(o for o, resource in about if resource),
        )

    def _about(
        self, reading: tuple[str, str], schema: str
    ) -> list[tuple[Operation, dict[str, object]]]:
        both = ((o, self._resource(o, reading, schema)) for o in self._api.operations)
        return [(o, r) for o, r in both if r is not None and o.settings.resource is None]

    def _resource(
        self, operation: Operation, reading: tuple[str, str], schema: str
    ) -> dict[str, object] | None:
        """Guess which record of a type an operation is about; None when that cannot be told."""
        base, parameter = reading
        path = f"{base}/{{{parameter}}}"
        if operation.path == path:
            return {"id": f"path.{parameter}"}
        below = operation.path.removeprefix(path + "/")
        if below != operation.path and "{" not in below and operation.method != "GET":
            return {"id": f"path.{parameter}"}
        if operation.path != base:
            return None
        if operation.method == "POST":
            return {}
        return self._list(answers(operation), schema) if operation.method == "GET" else None

    def _list(self, nodes: Nodes, schema: str) -> dict[str, object] | None:
        names = [f"/{name}" for name in self._described.names(nodes)]
        for place in ("", *names):
            items = self._described.at(nodes, (*read_pointer(place), EVERY))
            if schema and any(_schema(node) == schema for node in items):
                totals = [t for t in names if t[1:] in TOTALS and self._is(nodes, t, "integer")]
                return {"items": place} | ({"totals": totals} if totals else {})
        return None

    def _more(
        self, nodes: Nodes, names: list[str], owner: Owner | None, parameter: str
    ) -> dict[str, object]:
        """Say of the reading operation which attributes a rule may look at."""
        attrs = {owner.attribute: f"/{owner.property}"} if owner is not None else {}
        attrs |= {n: f"/{n}" for n in STATES if n in names and self._is(nodes, f"/{n}", "string")}
        found: dict[str, object] = {"attrs": attrs} if attrs else {}
        if "id" not in names and parameter in names:
            found["key"] = f"/{parameter}"
        return found

    def _is(self, nodes: Nodes, place: str, kind: str) -> bool:
        return kind in self._described.types(self._described.at(nodes, read_pointer(place)))


def _type(nodes: Nodes, base: str) -> tuple[str, str]:
    """Return the entity type, and the schema of `components.schemas` it is named after."""
    schema = next((_schema(node) for node in nodes if _schema(node)), "")
    if schema and not type_flaw(schema):
        return schema, schema
    name = "".join(w[:1].upper() + w[1:] for w in _WORDS.findall(base.rpartition("/")[2]))
    return (name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")), schema


def _schema(node: object) -> str:
    ref = node.get("$ref") if isinstance(node, dict) else None
    if not isinstance(ref, str) or not ref.startswith(_SCHEMAS):
        return ""
    return ref.removeprefix(_SCHEMAS)
