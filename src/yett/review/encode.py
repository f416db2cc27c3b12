"""A Cedar expression becomes a `Term`: what it is, and when it errs, in one request environment.

The types of principal, action and resource are fixed, so that `is`, `has` of what is not declared,
and comparisons between types are constants, and what they guard is not looked at. Meaning: Cedar
reference, "Operators"; `&&` and `||` stop early, everything else errs with its parts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import z3
from cedarpy import pst

from yett.policy.authz.names import ROLE
from yett.policy.cedar.types import Attribute, Record, Reference, Schema, SetOf, Type
from yett.review import encode_operators as operators
from yett.review.encode_terms import (
    BOOL,
    FALSE,
    LONG,
    NEVER,
    STRING,
    TRUE,
    Expr,
    Members,
    Slot,
    Term,
    Unsupported,
    all_of,
    any_of,
    choose,
    negate,
    text,
)
from yett.review.encode_text import pattern
from yett.review.world import World

ERRS = Term(NEVER, None, TRUE)
ACTION = "Action"


class Caller(NamedTuple):
    """What of the principal comes from its credential, not from any store of entities.

    Args:
        own: attribute -> its value.
        roles: the set of roles it presents.
        vocabulary: roles that are entities; others are words in `principal.roles` only.
    """

    own: dict[str, Slot]
    roles: Expr
    vocabulary: tuple[str, ...]


class Encoder:
    """Encodes the expressions of one side in one environment.

    Args:
        world: shared with the other side.
        schema: this side's, with the shared names of types.
        variables: `principal`, `action`, `resource` and `context`.
        caller: how the principal is made; None where it is an entity like any other.
        names: entity types of the policy texts -> shared names.
        apart: (entity type, attribute) that is another value than the other side's of that name.
    """

    def __init__(
        self,
        world: World,
        schema: Schema,
        variables: dict[str, Term],
        caller: Caller | None = None,
        *,
        names: dict[str, str] | None = None,
        apart: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.world = world
        self.schema = schema
        self.variables = variables
        self.caller = caller
        self.names = names or {}
        self.apart = apart
        self.above = {name: schema.types_above(name) for name in schema.entities}

    def term(self, node: pst.Expr) -> Term:  # noqa: C901, PLR0912 — one case for each node type
        """Encode one expression.

        Raises:
            Unsupported: the solver cannot be told.
        """
        match node:
            case pst.Var(name):
                return self.variables[name]
            case pst.BoolLit(value):
                return Term(BOOL, TRUE if value else FALSE, FALSE)
            case pst.LongLit(value):
                return Term(LONG, z3.IntVal(value), FALSE)
            case pst.StringLit(value):
                return Term(STRING, text(value), FALSE)
            case pst.EntityLit(value):
                return self.literal(value)
            case pst.BinaryOp("and" | "or" as op, left, right):
                return self._logic(op, left, right)
            case pst.BinaryOp("in", left, right):
                return self.inside(self.term(left), self.term(right))
            case pst.BinaryOp(op, left, right):
                return operators.binary(op, self.term(left), self.term(right))
            case pst.UnaryOp(op, arg):
                return operators.unary(op, self.term(arg), arg)
            case pst.GetAttr(base, attr):
                return self._get(self.term(base), attr)
            case pst.HasAttr(base, attrs):
                return self._has(self.term(base), attrs)
            case pst.Like(base, elements):
                return self._like(self.term(base), elements)
            case pst.Is(base, type_, in_expr):
                return self._is(self.term(base), str(type_), in_expr)
            case pst.IfThenElse(cond, then, other):
                return self._if(self.term(cond), then, other)
            case pst.Set(elements):
                return self._set([self.term(element) for element in elements])
            case pst.Record(fields):
                return self._record({name: self.term(each) for name, each in fields.items()})
            case _:
                raise Unsupported(f"`{type(node).__name__}`")

    def literal(self, uid: pst.EntityUid) -> Term:
        """Encode an entity that a policy names."""
        type_ = self.named(str(uid.type))
        id_ = text(uid.id)
        if type_ != ACTION:
            self.world.entity(type_, id_)
        return Term(Reference(type_), id_, FALSE)

    def named(self, type_: str) -> str:
        """Return the shared name of an entity type."""
        return self.names.get(type_, type_)

    def inside(self, low: Term, high: Term) -> Term:
        """Encode `in`."""
        if NEVER in (low.type, high.type):
            return ERRS
        assert isinstance(low.type, Reference)
        err = any_of(low.err, high.err)
        if isinstance(high.type, SetOf):
            return Term(BOOL, self._inside_set(low, high.type.element, high.value), err)
        assert isinstance(high.type, Reference)
        return Term(BOOL, self.member(low, high.type.entity, high.value), err)

    def member(self, low: Term, type_: str, id_: Expr) -> Expr:
        """Whether an entity is another one or below it."""
        assert isinstance(low.type, Reference)
        child = low.type.entity
        if ACTION in (child, type_):
            return self._action_in(low.value, id_) if child == type_ else FALSE
        itself = operators.equal(low.value, id_) if child == type_ else FALSE
        if type_ not in self.above.get(child, ()):
            return itself
        self.world.entity(type_, id_)
        above = z3.IsMember(id_, self.world.ancestors(child, type_, low.value))
        return any_of(itself, self._role(low, type_, id_, above))

    def _role(self, low: Term, type_: str, id_: Expr, above: Expr) -> Expr:
        """Take the roles of the caller's credential, where the entity is the caller."""
        caller = self.caller
        if caller is None or type_ != ROLE or low.type != self.variables["principal"].type:
            return above
        known = any_of(*(operators.equal(id_, text(role)) for role in caller.vocabulary))
        mine = all_of(known, z3.IsMember(id_, caller.roles))
        is_caller = operators.equal(low.value, self.variables["principal"].value)
        return mine if z3.is_true(is_caller) else z3.If(is_caller, mine, above)

    def _inside_set(self, low: Term, element: Type, members: Members) -> Expr:
        if members.elements is not None:
            assert isinstance(element, Reference) or not members.elements
            name = element.entity if isinstance(element, Reference) else ""
            return any_of(*(self.member(low, name, each) for each in members.elements))
        assert isinstance(low.type, Reference)
        assert isinstance(element, Reference)
        child, parent = low.type.entity, element.entity
        itself = z3.IsMember(low.value, members.array) if child == parent else FALSE
        if parent not in self.above.get(child, ()):
            return itself
        if self.caller is not None and parent == ROLE:
            named = (text(role) for role in self.caller.vocabulary)
            held = (all_of(self.member(low, ROLE, r), z3.IsMember(r, members.array)) for r in named)
            return any_of(itself, *held)
        return any_of(itself, self.world.meet(child, parent, low.value, members.array))

    def _action_in(self, action: Expr, group: Expr) -> Expr:
        if not (z3.is_string_value(action) and z3.is_string_value(group)):
            raise Unsupported("an action that is not named")
        name, wanted = action.as_string(), group.as_string()
        groups = self.schema.groups_of(name) if name in self.schema.actions else frozenset()
        return TRUE if wanted == name or wanted in groups else FALSE

    def _logic(self, op: str, left: pst.Expr, right: pst.Expr) -> Term:
        """Encode `&&` and `||`: the right side counts where the left one does not decide."""
        one = self.term(left)
        if one.type == NEVER:
            return ERRS
        ends = z3.is_false if op == "and" else z3.is_true
        if ends(one.value) and z3.is_false(one.err):
            return one
        two = self.term(right)
        goes_on = one.value if op == "and" else negate(one.value)
        err = any_of(one.err, all_of(goes_on, two.err))
        if two.type == NEVER:
            return Term(BOOL, FALSE if op == "and" else TRUE, err)
        join = all_of if op == "and" else any_of
        return Term(BOOL, join(one.value, two.value), err)

    def _if(self, cond: Term, then: pst.Expr, other: pst.Expr) -> Term:
        if cond.type == NEVER:
            return ERRS
        if z3.is_true(cond.value) or z3.is_false(cond.value):
            taken = self.term(then if z3.is_true(cond.value) else other)
            return Term(taken.type, taken.value, any_of(cond.err, taken.err))
        one, two = self.term(then), self.term(other)
        chosen = any_of(all_of(cond.value, one.err), all_of(negate(cond.value), two.err))
        err = any_of(cond.err, chosen)
        if NEVER in (one.type, two.type):
            kept = two if one.type == NEVER else one
            return Term(kept.type, kept.value, err)
        if one.type != two.type:
            raise Unsupported("an `if` whose sides have two types")
        return Term(one.type, choose(cond.value, one.type, one.value, two.value), err)

    def _get(self, base: Term, attr: str) -> Term:
        if base.type == NEVER:
            return ERRS
        found = self._slot(base, attr)
        if found is None:
            return ERRS
        absent = negate(all_of(self._known(base), found.present))
        return Term(found.type, found.value, any_of(base.err, absent))

    def _has(self, base: Term, attrs: tuple[str, ...]) -> Term:
        err, there = base.err, TRUE
        for attr in attrs:
            found = None if base.type == NEVER else self._slot(base, attr)
            if found is None:
                return Term(BOOL, FALSE, err)
            there = all_of(there, self._known(base), found.present)
            base = Term(found.type, found.value, FALSE)
        return Term(BOOL, there, err)

    def _known(self, base: Term) -> Expr:
        """Whether anything is known of an entity; the caller and the record always are."""
        if not isinstance(base.type, Reference):
            return TRUE
        if any(base.value is self.variables[name].value for name in ("principal", "resource")):
            return TRUE
        return self.world.exists(base.type.entity, base.value)

    def _slot(self, base: Term, attr: str) -> Slot | None:
        if isinstance(base.type, Record):
            record: dict[str, Slot] = base.value
            return record.get(attr)
        if not isinstance(base.type, Reference):
            raise Unsupported("an attribute of what is neither an entity nor a record")
        entity = self.schema.entities.get(base.type.entity)
        declared = [each for each in entity.attributes if each.name == attr] if entity else []
        if not declared:
            return None
        self.world.entity(base.type.entity, base.value)
        return self.owned(base.type.entity, declared[0], base.value)

    def owned(self, type_: str, attribute: Attribute, id_: Expr) -> Slot:
        """Return an attribute, the caller's own value wherever the entity is the caller."""
        base = Term(Reference(type_), id_, FALSE)
        return self._own(base, self.slot(type_, attribute, id_), attribute.name)

    def slot(self, type_: str, attribute: Attribute, id_: Expr) -> Slot:
        """Return an attribute as a store of entities has it."""
        return self.world.slot(self.prefix(type_, attribute.name), attribute, id_)

    def prefix(self, type_: str, attr: str) -> str:
        """Return the name of a type's attributes, its own where the other side means another."""
        return f"{type_}'" if (type_, attr) in self.apart else type_

    def _own(self, base: Term, slot: Slot, attr: str) -> Slot:
        caller = self.variables["principal"]
        mine = self.caller.own.get(attr) if self.caller else None
        if mine is None or base.type != caller.type:
            return slot
        is_caller = operators.equal(base.value, caller.value)
        if z3.is_true(is_caller):
            return mine
        present = z3.If(is_caller, mine.present, slot.present)
        return Slot(present, slot.type, choose(is_caller, slot.type, mine.value, slot.value))

    def _like(self, base: Term, elements: Any) -> Term:
        if base.type == NEVER:
            return ERRS
        return Term(BOOL, z3.InRe(base.value, pattern(elements)), base.err)

    def _is(self, base: Term, type_: str, in_expr: pst.Expr | None) -> Term:
        if base.type == NEVER:
            return ERRS
        value = TRUE if base.type == Reference(self.named(type_)) else FALSE
        if in_expr is None or z3.is_false(value):
            return Term(BOOL, value, base.err)
        return self.inside(base, self.term(in_expr))

    def _set(self, elements: list[Term]) -> Term:
        if any(element.type == NEVER for element in elements):
            return ERRS
        if len({element.type for element in elements}) > 1:
            raise Unsupported("a set of several types")
        kind = elements[0].type if elements else NEVER
        err = any_of(*(element.err for element in elements))
        return Term(SetOf(kind), Members(tuple(e.value for e in elements), None), err)

    def _record(self, fields: dict[str, Term]) -> Term:
        if any(field.type == NEVER for field in fields.values()):
            return ERRS
        kind = Record(tuple(Attribute(name, field.type) for name, field in fields.items()))
        slots = {name: Slot(TRUE, field.type, field.value) for name, field in fields.items()}
        return Term(kind, slots, any_of(*(field.err for field in fields.values())))
