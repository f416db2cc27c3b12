"""What both sides of a question share: the caller, the record, the surroundings, as unknowns.

One `World` per question. An attribute is a function from the entity's id, so that two mentions of
one entity agree; an optional one has a second function that says whether it is there. The facts
that make it a world that can exist (64-bit numbers, ancestors of ancestors) are collected beside.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import z3

from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf, Type
from yett.review.encode_terms import (
    ADDRESS_BITS,
    MAX_LONG,
    MIN_LONG,
    NUMBERS,
    TEXT,
    TRUE,
    Address,
    Expr,
    Members,
    Slot,
    Unsupported,
    any_of,
    sort,
    text,
)


class World:
    """The unknowns of one question, and what is known of them."""

    def __init__(self) -> None:
        self.facts: list[Expr] = []
        self.entities: dict[tuple[str, int], Expr] = {}  # (type, id of the AST) -> id
        self.members: dict[str, tuple[str, ...]] = {}  # enumerated types
        self._settled = False
        self._made: dict[tuple[str, int], Any] = {}
        self._kept: list[Expr] = []  # z3 gives the number of a dead AST to another one

    def entity(self, type_: str, id_: Expr) -> Expr:
        """Note that this entity is spoken of; an enumerated one is one of its members."""
        key = (type_, id_.get_id())
        if key not in self.entities and not self._settled:
            self.entities[key] = id_
            members = self.members.get(type_)
            if members and not z3.is_string_value(id_):
                self.facts.append(any_of(*(id_ == text(member) for member in members)))
        return id_

    def exists(self, type_: str, id_: Expr) -> Expr:
        """Whether anything is known of the entity: what is not known has no attributes."""
        return z3.Function(f"exists {type_}", TEXT, z3.BoolSort())(id_)

    def ancestors(self, child: str, parent: str, id_: Expr) -> Expr:
        """Return the set of ids of the entity's ancestors of type `parent`, of any depth."""
        self.entity(child, id_)
        key = (f"in {child} {parent}", id_.get_id())
        if key not in self._made:
            found = z3.Function(key[0], TEXT, z3.SetSort(TEXT))(id_)
            self._made[key] = found
            self._kept.append(id_)
            self.facts.append(z3.Not(z3.Default(found)))
            unknown = z3.Not(self.exists(child, id_))
            self.facts.append(z3.Implies(unknown, found == z3.EmptySet(TEXT)))
        return self._made[key]

    def slot(self, prefix: str, attribute: Attribute, id_: Expr) -> Slot:
        """Return one attribute; its type is in its name, so that sides that differ do not mix."""
        name = f"{prefix}.{attribute.name}"
        key = (f"{name} {attribute.required} {attribute.type!r}", id_.get_id())
        if key not in self._made:
            self._kept.append(id_)
            present = self.present(prefix, attribute.name, id_)
            value = self.value(name, attribute.type, id_)
            self._made[key] = Slot(TRUE if attribute.required else present, attribute.type, value)
        found: Slot = self._made[key]
        return found

    def present(self, prefix: str, name: str, id_: Expr) -> Expr:
        """Whether the attribute is there, also where this side says that it always is."""
        return z3.Function(f"has {prefix}.{name}", TEXT, z3.BoolSort())(id_)

    def value(self, name: str, type_: Type, id_: Expr) -> Any:
        """Make an unknown of a type."""
        match type_:
            case Record(attributes):
                return {each.name: self.slot(name, each, id_) for each in attributes}
            case Plain("ipaddr"):
                return self._address(name, id_)
            case SetOf(element):
                return self._members(name, element, id_)
            case Plain(kind) if kind in NUMBERS:
                number = _function(name, type_)(id_)
                self.facts += [number >= MIN_LONG, number <= MAX_LONG]
                return number
            case Reference(entity):
                return self.entity(entity, _function(name, type_)(id_))
            case _:
                return _function(name, type_)(id_)

    def _members(self, name: str, element: Type, id_: Expr) -> Members:
        try:
            found = _function(name, SetOf(element))(id_)
        except Unsupported:
            return Members(None, None)  # refused only where it is used
        if not isinstance(element, SetOf):
            self.facts.append(z3.Not(z3.Default(found)))  # a set is finite
        return Members(None, found)

    def _address(self, name: str, id_: Expr) -> Address:
        wide = z3.BitVecSort(ADDRESS_BITS)
        v6 = z3.Function(f"{name} v6", TEXT, z3.BoolSort())(id_)
        bits, prefix = (z3.Function(f"{name} {part}", TEXT, wide)(id_) for part in ("bits", "len"))
        size = z3.If(v6, z3.BitVecVal(128, ADDRESS_BITS), z3.BitVecVal(32, ADDRESS_BITS))
        self.facts.append(z3.ULE(prefix, size))
        self.facts.append(z3.Or(v6, z3.ULT(bits, z3.BitVecVal(1 << 32, ADDRESS_BITS))))
        return Address(v6, bits, prefix)

    def settle(self, parents: dict[str, frozenset[str]]) -> list[Expr]:
        """Return all facts; what is spoken of later, to read a model, is no part of the question.

        Args:
            parents: type -> all types above it, of any depth.
        """
        if not self._settled:
            self.facts += self._lineage(parents)
            self._settled = True
        return self.facts

    def meet(self, child: str, parent: str, id_: Expr, others: Expr) -> Expr:
        """Whether an ancestor of an entity is in a set; one that is gets a name."""
        common = z3.SetIntersect(self.ancestors(child, parent, id_), others)
        meets = common != z3.EmptySet(TEXT)
        one = z3.Const(f"common {len(self._kept)}", TEXT)
        self._kept.append(one)
        self.entity(parent, one)
        self.facts.append(z3.Implies(meets, z3.IsMember(one, common)))
        return meets

    def _lineage(self, parents: dict[str, frozenset[str]]) -> list[Expr]:
        """Say that ancestors of ancestors are ancestors, for the entities spoken of."""
        facts = []
        spoken = [(type_, id_) for (type_, _), id_ in self.entities.items()]
        for (low, one), (middle, two) in product(spoken, spoken):
            if middle not in parents.get(low, ()):
                continue
            inside = z3.IsMember(two, self.ancestors(low, middle, one))
            if low == middle:
                facts.append(z3.Not(z3.IsMember(one, self.ancestors(low, low, one))))
            for high in parents.get(middle, ()):
                above = self.ancestors(middle, high, two)
                facts.append(z3.Implies(inside, z3.IsSubset(above, self.ancestors(low, high, one))))
            if low in parents.get(middle, ()):
                back = z3.IsMember(one, self.ancestors(middle, low, two))
                facts.append(z3.Not(z3.And(inside, back)))
        return facts


def _function(name: str, type_: Type) -> Expr:
    return z3.Function(f"{name}: {_short(type_)}", TEXT, sort(type_))


def _short(type_: Type) -> str:
    match type_:
        case Plain(name):
            return name
        case Reference(entity):
            return f"@{entity}"
        case SetOf(element):
            return f"{{{_short(element)}}}"
        case _:
            raise Unsupported("a set of records")
