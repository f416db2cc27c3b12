"""One question: for one kind of caller and one action, what do OLD and NEW allow?

Both sides speak of one world: the same credential, the same record, the same moment. What a side
makes of them (the scopes that roles carry, attributes read from elsewhere, types) is its own.
"""

from __future__ import annotations

from typing import NamedTuple

import z3

from yett.policy.authz.names import API
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf
from yett.review.blind import seen_by
from yett.review.encode import Caller, Encoder
from yett.review.encode_policy import Ruled, encode_rules
from yett.review.encode_terms import (
    FALSE,
    STRING,
    TEXT,
    TRUE,
    Expr,
    Members,
    Slot,
    Term,
    all_of,
    any_of,
    text,
)
from yett.review.pairs import Pair
from yett.review.side import Action, Side
from yett.review.world import World

NOBODY = "anonymous"
TEXTS = z3.SetSort(TEXT)
LATEST_MS = 4_102_444_800_000  # the year 2100: clocks show nothing later


class View(NamedTuple):
    """What one side says in this question.

    Args:
        side, action: whose view it is.
        encoder: with the action's own name, or its operation's where it is a field class.
        rules: those that can hold or err, of a field class after those of its operation.
        own: those of the action itself.
        secured: where OpenAPI's `security` is met.
        allowed: where the caller gets what is asked.
        untold: (rule, reason) that the solver was not told.
    """

    side: Side
    action: Action
    encoder: Encoder
    rules: tuple[Ruled, ...]
    own: tuple[Ruled, ...]
    secured: Expr
    allowed: Expr
    untold: tuple[tuple[str, str], ...]


class Question(NamedTuple):
    """Both sides in one world; a side is None where it refuses whatever is asked."""

    world: World
    pair: Pair
    kind: str
    old: View | None
    new: View | None
    resource: str

    def facts(self) -> list[Expr]:
        """Return all that is known of the world; nothing can be added to the question after it."""
        above: dict[str, frozenset[str]] = {}
        for view in (self.old, self.new):
            for type_, parents in view.encoder.above.items() if view is not None else ():
                above[type_] = above.get(type_, frozenset()) | parents
        return self.world.settle(above)


def questions(pair: Pair, old: Side, new: Side, names: dict[str, str]) -> list[Question]:
    """Make all questions of a pair: one for each kind of caller and type of resource."""
    found = []
    for kind in dict.fromkeys((*old.kinds, *new.kinds)):
        for before, after in _resources(pair, old, new):
            world = World()
            for side in (old, new):
                for entity in side.schema.entities.values():
                    if entity.members:
                        shared = world.members.get(entity.name, ())
                        world.members[entity.name] = tuple({*shared, *entity.members})
            make = _Maker(world, pair, kind, (old, new), names)
            views = make.view(old, pair.old, before), make.view(new, pair.new, after)
            if views != (None, None):
                found.append(Question(world, pair, kind, *views, after or before))
    return found


def _resources(pair: Pair, old: Side, new: Side) -> list[tuple[str, str]]:
    """Pair the types of resources: those of one name, and two that are alone on their sides."""
    before = list(old.schema.actions[pair.old.id].resources) if pair.old else []
    after = list(new.schema.actions[pair.new.id].resources) if pair.new else []
    found = [(type_, type_) for type_ in before if type_ in after]
    left = [type_ for type_ in before if type_ not in after]
    right = [type_ for type_ in after if type_ not in before]
    if len(left) == len(right) == 1:
        return [*found, (left[0], right[0])]
    return [*found, *((type_, "") for type_ in left), *(("", type_) for type_ in right)]


class _Maker:
    """Makes both views of one question."""

    def __init__(
        self, world: World, pair: Pair, kind: str, sides: tuple[Side, Side], names: dict[str, str]
    ) -> None:
        self.world, self.pair, self.kind = world, pair, kind
        self.old, self.new = old, new = sides
        self.names = names
        self.alike = (old.schema, old.roles, old.origins) == (new.schema, new.roles, new.origins)
        self.roles = z3.Const("token roles", TEXTS)
        self.scopes = z3.Const("token scopes", TEXTS)
        self.facts = world.facts
        self.facts += [z3.Not(z3.Default(self.roles)), z3.Not(z3.Default(self.scopes))]

    def view(self, side: Side, action: Action | None, resource: str) -> View | None:
        """Make one side's view, None where it refuses whatever is asked."""
        if action is None or not resource or action.refused:
            return None
        declared = side.schema.actions[action.id]
        principal = side.kinds.get(self.kind, "")
        if principal not in declared.principals or resource not in declared.resources:
            return None
        secured = self._secured(side, action)
        if z3.is_false(secured):
            return None
        encoder = self._encoder(side, action, principal, resource)
        mark = "" if self.alike and self._see_alike() else "new" if side is self.new else "old"
        allowed = [secured, self._valid(side, principal, resource, encoder)]
        rules: list[Ruled] = []
        own: tuple[Ruled, ...] = ()
        untold: list[tuple[str, str]] = []
        wanted = [action] if action.approval else [side.actions[action.base], action]
        for each in {step.id: step for step in wanted}.values():
            encoder.variables["action"] = Term(Reference("Action"), text(each.id), FALSE)
            if each.rules is not None:
                verdict = encode_rules(encoder, seen_by(each.rules, each.hidden), mark)
                rules += (own := verdict.rules)
                untold += verdict.untold
                allowed.append(verdict.allowed)
        return View(
            side, action, encoder, tuple(rules), own, secured, all_of(*allowed), tuple(untold)
        )

    def _see_alike(self) -> bool:
        """Whether the same attributes are hidden: a rule the solver is not told may read them."""
        sides = ((self.old, self.pair.old), (self.new, self.pair.new))
        seen = [
            (action.hidden, side.actions[action.base].hidden) if action is not None else None
            for side, action in sides
            if action is None or action.base in side.actions
        ]
        return None in seen or len(set(seen)) == 1

    def _encoder(self, side: Side, action: Action, principal: str, resource: str) -> Encoder:
        who, what = self._principal(side), self._resource(action, resource)
        self.facts += [self.world.exists(principal, who), self.world.exists(resource, what)]
        self.world.entity(principal, who)
        self.world.entity(resource, what)
        context = side.schema.actions[action.id].context
        shown = {each.name: self.world.slot("context", each, text("")) for each in context}
        caller = self._caller(side, who)
        variables = {
            "principal": Term(Reference(principal), who, FALSE),
            "action": Term(Reference("Action"), text(action.id), FALSE),
            "resource": Term(Reference(resource), what, FALSE),
            "context": Term(Record(context), shown, FALSE),
        }
        names = self.names if side is self.new else {}
        encoder = Encoder(
            self.world, side.schema, variables, caller, names=names, apart=self._apart(side)
        )
        if caller is not None:
            self._know_caller(encoder, principal, who, shown)
        return encoder

    def _principal(self, side: Side) -> Expr:
        if side.roles is None:
            return z3.Const("principal", TEXT)
        if self.kind == "anonymous":
            return text(NOBODY)
        same = self.old.naming == self.new.naming
        who = z3.Const("principal" if same or side is self.old else "principal'", TEXT)
        self.facts.append(who != text(""))
        return who

    def _resource(self, action: Action, resource: str) -> Expr:
        if resource == API and action.operation is not None:
            return text(action.operation.api)
        other = self.pair.old
        elsewhere = action is self.pair.new and other is not None
        moved = elsewhere and other is not None and other.located != action.located
        return z3.Const(f"resource {resource}{chr(39) if moved else ''}", TEXT)

    def _apart(self, side: Side) -> frozenset[tuple[str, str]]:
        """Attributes that NEW reads from elsewhere than OLD."""
        if side is not self.new:
            return frozenset()
        before = self.old.origins
        return frozenset(
            place for place, origin in side.origins.items() if before.get(place, origin) != origin
        )

    def _caller(self, side: Side, who: Expr) -> Caller | None:
        if side.roles is None:
            return None
        own = {
            "id": Slot(TRUE, STRING, who),
            "roles": Slot(TRUE, SetOf(STRING), Members(None, self.roles)),
            "scopes": Slot(
                TRUE, SetOf(STRING), Members(None, self._granted(side, self.scopes, self.roles))
            ),
        }
        return Caller(own, self.roles, tuple(side.roles))

    def _granted(self, side: Side, presented: Expr, roles: Expr) -> Expr:
        """Add the scopes that this side's roles carry to those of the credential."""
        for role, scopes in sorted((side.roles or {}).items()):
            if scopes:
                more = presented
                for scope in sorted(scopes):
                    more = z3.SetAdd(more, text(scope))
                presented = z3.If(z3.IsMember(text(role), roles), more, presented)
        return presented

    def _know_caller(
        self, encoder: Encoder, type_: str, who: Expr, context: dict[str, Slot]
    ) -> None:
        """Say what the gate makes sure of for each caller; see `engine.entities`."""
        if self.kind == "anonymous":
            self.facts += [self.roles == z3.EmptySet(TEXT), self.scopes == z3.EmptySet(TEXT)]
        for name in ("client", "tenant", "issuer"):
            attribute = Attribute(name, STRING, required=name == "issuer")
            slot = encoder.slot(type_, attribute, who)
            if self.kind == "anonymous":
                self.facts.append(
                    slot.value == text("") if attribute.required else z3.Not(slot.present)
                )
            elif not attribute.required:
                self.facts.append(slot.value != text(""))
        if "now" in context and context["now"].type == Plain("datetime"):
            now = context["now"].value
            self.facts += [now >= 0, now <= LATEST_MS]
        if "auth_age" in context:
            self.facts.append(context["auth_age"].value >= 0)

    def _secured(self, side: Side, action: Action) -> Expr:
        """Encode OpenAPI's `security`: OR of ANDs of schemes and scopes (step 7)."""
        if action.approval:
            return TRUE if self.kind != "anonymous" else FALSE
        if action.security is None:
            return FALSE
        return any_of(*(self._alternative(side, each) for each in action.security))

    def _alternative(self, side: Side, needs: tuple[tuple[str, frozenset[str]], ...]) -> Expr:
        if not needs:
            return TRUE
        able = [self.kind in side.schemes.get(scheme, ()) for scheme, _ in needs]
        if not any(able):
            return FALSE
        first = able.index(True)
        return all_of(
            *(
                self._need(side, scheme, scopes, other=at != first)
                for at, (scheme, scopes) in enumerate(needs)
            )
        )

    def _need(self, side: Side, scheme: str, scopes: frozenset[str], *, other: bool) -> Expr:
        """Encode one scheme; a second one proves somebody of whom nothing else is known."""
        presented = z3.Const(f"scopes by {scheme}", TEXTS) if other else self.scopes
        roles = z3.Const(f"roles by {scheme}", TEXTS) if other else self.roles
        granted = self._granted(side, presented, roles)
        held = (z3.IsMember(text(scope), granted) for scope in sorted(scopes))
        return all_of(z3.Const(f"proven by {scheme}", z3.BoolSort()) if other else TRUE, *held)

    def _valid(self, side: Side, principal: str, resource: str, encoder: Encoder) -> Expr:
        """Where this side requires an attribute that the other does not, it must be there."""
        other = self.old if side is self.new else self.new
        missing = []
        for type_, name in ((principal, "principal"), (resource, "resource")):
            theirs = other.schema.entities.get(type_)
            optional = {a.name for a in theirs.attributes if not a.required} if theirs else set()
            for attribute in side.schema.entities[type_].attributes:
                if attribute.required and attribute.name in optional:
                    id_ = encoder.variables[name].value
                    prefix = encoder.prefix(type_, attribute.name)
                    missing.append(self.world.present(prefix, attribute.name, id_))
        return all_of(*missing)
