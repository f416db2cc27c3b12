"""A model of the solver becomes a concrete case: a credential, entities, a context.

The case is what a person reads and what `replay.py` runs; nothing of it is believed before. Ids and
values that the question leaves open are what the solver fills in, or what is easiest to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from yett.policy.authz.names import ROLE
from yett.policy.cedar.extensions import Datetime, Decimal, Duration, IpAddr
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf, Type
from yett.policy.cedar.values import RecordValue, make_set
from yett.review.changes import Case
from yett.review.encode import Encoder
from yett.review.encode_terms import TEXT, Expr, Members, Slot, Term, text
from yett.review.encode_text import read_text
from yett.review.question import Question, View

NUMBERS: dict[str, Any] = {
    "Long": int,
    "datetime": Datetime,
    "duration": Duration,
    "decimal": Decimal,
}


def stage(question: Question, view: View, model: Any) -> Case:
    """Read the case of one side out of a model."""
    return _Reader(question, view, model).case()


class _Reader:
    """Reads values of one side; the names of types are that side's own."""

    def __init__(self, question: Question, view: View, model: Any) -> None:
        self.question, self.view, self.model = question, view, model
        self.encoder: Encoder = view.encoder
        self.names = {shared: own for own, shared in self.encoder.names.items()}

    def case(self) -> Case:
        """Read everything."""
        variables = self.encoder.variables
        context = variables["context"]
        return Case(
            kind=self.question.kind,
            principal=self._uid(variables["principal"]),
            resource=self._uid(variables["resource"]),
            context=self.fields(context.type, context.value),
            entities=tuple(self.entities()),
            roles=self.texts(z3.Const("token roles", z3.SetSort(TEXT))),
            scopes=self.texts(z3.Const("token scopes", z3.SetSort(TEXT))),
            others=dict(self.others()),
        )

    def entities(self) -> Iterator[Entity]:
        """Read the entities that are spoken of and known, each once."""
        seen: set[tuple[str, str]] = set()
        for (type_, _), id_ in list(self.question.world.entities.items()):
            declared = self.encoder.schema.entities.get(type_)
            name = self.read_id(id_)
            if declared is None or declared.members or (type_, name) in seen:
                continue
            seen.add((type_, name))
            if self.holds(self.question.world.exists(type_, id_)):
                yield self.entity(type_, id_, declared.attributes)

    def entity(self, type_: str, id_: Expr, attributes: tuple[Attribute, ...]) -> Entity:
        """Read one entity with all its attributes, also those that no rule reads."""
        slots = {a.name: self.encoder.owned(type_, a, id_) for a in attributes}
        parents = {
            Uid(self.names.get(parent, parent), name)
            for parent in self.encoder.above.get(type_, ())
            for name in self.parents(type_, parent, id_)
        }
        uid = Uid(self.names.get(type_, type_), self.read_id(id_))
        return Entity(uid, self.slots(slots), frozenset(parents))

    def parents(self, type_: str, parent: str, id_: Expr) -> Iterator[str]:
        """Read the ids of an entity's ancestors of one type."""
        declared = self.encoder.schema.entities.get(parent)
        for name in declared.members if declared and declared.members else self.spoken(parent):
            member = self.encoder.member(Term(Reference(type_), id_, _NO), parent, text(name))
            own = type_ == parent and name == self.read_id(id_)
            if self.holds(member) and not own and self._is_entity(parent, name):
                yield name

    def spoken(self, type_: str) -> list[str]:
        """Return the ids of a type that the question speaks of: only those have a lineage."""
        entities = self.question.world.entities.items()
        return list(
            dict.fromkeys(self.read_id(id_) for (each, _), id_ in entities if each == type_)
        )

    def _is_entity(self, parent: str, name: str) -> bool:
        """Without roles in the vocabulary, the enumerated type has a member that nobody has."""
        caller = self.encoder.caller
        return caller is None or parent != ROLE or name in caller.vocabulary

    def others(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Read the second credentials that the model makes good."""
        for declaration in self.model.decls():
            name = declaration.name()
            if name.startswith("proven by ") and self.holds(declaration()):
                scheme = name.removeprefix("proven by ")
                scopes = self.texts(z3.Const(f"scopes by {scheme}", z3.SetSort(TEXT)))
                roles = self.texts(z3.Const(f"roles by {scheme}", z3.SetSort(TEXT)))
                grants = self.view.side.roles or {}
                yield scheme, scopes.union(*(grants.get(role, frozenset()) for role in roles))

    def slots(self, slots: dict[str, Slot]) -> dict[str, Value]:
        """Read the attributes that are there."""
        return {
            name: self.value(slot.type, slot.value)
            for name, slot in slots.items()
            if self.holds(slot.present)
        }

    def fields(self, type_: Type, value: dict[str, Slot]) -> dict[str, Value]:
        """Read the fields of a record that are declared and there."""
        assert isinstance(type_, Record)
        return self.slots({each.name: value[each.name] for each in type_.attributes})

    def value(self, type_: Type, value: Any) -> Value:
        """Read a value of a type."""
        match type_:
            case Record():
                return RecordValue(self.fields(type_, value))
            case SetOf(element):
                return make_set(self.elements(element, value))
            case Reference(entity):
                return Uid(self.names.get(entity, entity), self._member(entity, value))
            case Plain("ipaddr"):
                size = 128 if self.holds(value.v6) else 32
                return IpAddr(size, self.number(value.bits), self.number(value.prefix))
            case Plain("Bool"):
                return self.holds(value)
            case Plain("String"):
                return read_text(self.read(value))
            case Plain(name):
                return NUMBERS[name](self.number(value))

    def elements(self, element: Type, members: Members) -> Iterator[Value]:
        """Read a set: each constant that its array mentions, if it is in it."""
        if members.array is None:
            return
        array = self.read(members.array)
        for constant in constants(array, array.sort().domain()):
            if self.holds(z3.IsMember(constant, array)):
                yield self.value(element, constant)

    def texts(self, array: Expr) -> frozenset[str]:
        """Read a set of strings."""
        return frozenset(self.elements(Plain("String"), Members(None, array)))

    def _member(self, entity: str, value: Expr) -> str:
        """Read an id; what the question leaves open is a member of its enumerated type."""
        name = self.read_id(value)
        declared = self.encoder.schema.entities.get(entity)
        members = declared.members if declared else ()
        return name if not members or name in members else members[0]

    def _uid(self, term: Term) -> Uid:
        assert isinstance(term.type, Reference)
        entity = term.type.entity
        return Uid(self.names.get(entity, entity), self.read_id(term.value))

    def read(self, value: Expr) -> Any:
        """Return the model's value of an expression; what is open is a default."""
        return self.model.eval(value, model_completion=True)

    def read_id(self, value: Expr) -> str:
        """Return an id."""
        return read_text(self.read(value))

    def number(self, value: Expr) -> int:
        """Return an integer or the bits of an address."""
        read = self.read(value)
        return int(read.as_long())

    def holds(self, value: Expr) -> bool:
        """Whether something is true in the model."""
        return bool(z3.is_true(self.read(value)))


_NO = z3.BoolVal(False)


def constants(array: Expr, sort: Expr) -> list[Expr]:
    """Return the constants of a sort that an array value mentions."""
    found: dict[int, Expr] = {}
    waiting, seen = [array], set()
    while waiting:
        each = waiting.pop()
        if each.get_id() in seen:
            continue
        seen.add(each.get_id())
        if z3.is_quantifier(each):
            waiting.append(each.body())
            continue
        if z3.is_expr(each) and each.sort() == sort and _is_constant(each):
            found[each.get_id()] = each
        waiting += each.children()
    return list(found.values())


def _is_constant(value: Expr) -> bool:
    return bool(
        z3.is_string_value(value)
        or z3.is_int_value(value)
        or z3.is_true(value)
        or z3.is_false(value)
    )
