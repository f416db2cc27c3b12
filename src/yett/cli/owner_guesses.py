"""Guesses which property of a record names its owner, and where a contract can say so.

`customer_id`, `ownerId`, `user` name somebody; `x-yett-ref: User` on each of them makes that an
entity, which a policy compares with the principal. Out of reach of an overlay, texts are compared.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from yett.contract.cedar_names import attribute_flaw
from yett.contract.described import Described, Nodes
from yett.contract.model import Api
from yett.contract.places import Pointer

# What a property that names the owner of a record is called, most telling first.
OWNERS = ("owner", "customer", "user", "account", "member", "author", "creator", "created_by")

_ID = re.compile(r"_?[iI][dD]\Z")


class Owner(Struct, frozen=True):
    """How a record names its owner.

    Args:
        attribute: such as `customer`; `property` is where it stands, such as `customer_id`.
        optional: whether it may be absent.
        same: what it is compared with, `principal` or `principal.id`; empty for nothing.
        places: pointers into the document where `x-yett-ref` must be said for that.
    """

    attribute: str
    property: str
    optional: bool
    same: str
    places: tuple[Pointer, ...]


class OwnerGuessing:
    """Looks for owners in the schemas of one api."""

    def __init__(self, api: Api) -> None:
        self._described = Described(api)
        self._siblings_count = api.version != "3.0"  # 3.0 reads nothing beside a reference
        self._pointers = _pointers(api.document)

    def find(self, record: Nodes, shown: tuple[Nodes, ...], sent: Nodes) -> Owner | None:
        """Guess the owner of a record.

        Args:
            record: the schemas of the record, as the operation that reads it answers.
            shown: those of the answers of each operation that is about it.
            sent: those of their requests.
        """
        name = self._property(record)
        if not name:
            return None
        places = self._places((*record, *(n for nodes in shown for n in nodes), *sent), name)
        text = "string" in self._described.types(self._described.at(record, (name,)))
        same = "principal" if places else "principal.id" if text else ""
        told = [nodes for nodes in shown if self._described.at(nodes, (name,))]
        optional = not all(self._is_required(nodes, name) for nodes in (record, *told))
        return Owner(_ID.sub("", name) or name, name, optional, same, places)

    def _property(self, nodes: Nodes) -> str:
        for word in OWNERS:
            for name in self._described.names(nodes):
                kinds = self._described.types(self._described.at(nodes, (name,)))
                good = kinds & {"string", "integer"} and not attribute_flaw(_ID.sub("", name))
                if good and _bare(name) == _bare(word):
                    return name
        return ""

    def _places(self, nodes: Nodes, name: str) -> tuple[Pointer, ...]:
        """Return every place of the property; none where one of them cannot be reached."""
        found: dict[Pointer, None] = {}
        for node in self._described.applying(nodes):
            value = (node.get("properties") or {}).get(name)
            if not isinstance(value, dict):
                continue
            if "$ref" in value and not self._siblings_count:
                return ()
            found[(*self._pointers[id(node)], "properties", name)] = None
        return tuple(found)

    def _is_required(self, nodes: Nodes, name: str) -> bool:
        for node in self._described.applying(self._described.at(nodes, (name,))):
            if "null" in str(node.get("type")) or node.get("nullable") is True:
                return False
        own = (node.get("required") for node in self._described.applying(nodes))
        return any(isinstance(names, list) and name in names for names in own)


def _bare(name: str) -> str:
    """`customer_id`, `customerId`, `customer` are one word here."""
    return _ID.sub("", name).replace("_", "").lower()


def _pointers(document: Any) -> dict[int, Pointer]:
    """Return where each object with properties stands in a document."""
    found: dict[int, Pointer] = {}
    stack: list[tuple[Pointer, Any]] = [((), document)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            if "properties" in value:
                found[id(value)] = pointer
            stack += [((*pointer, k), v) for k, v in value.items() if isinstance(v, (dict, list))]
        elif isinstance(value, list):
            stack += [((*pointer, str(i)), v) for i, v in enumerate(value)]
    return found
