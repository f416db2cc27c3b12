"""A Cedar schema with everything in it, sides made of bare policies, and random ones of both."""

from __future__ import annotations

import random

import cedarpy

from yett.contract.model import PolicyText
from yett.policy.cedar.extensions import Datetime, Decimal, Duration
from yett.policy.cedar.model import Entity, Inputs, Rule, Uid
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.schema_text import write_schema
from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Record,
    Reference,
    Schema,
    SetOf,
)
from yett.policy.cedar.values import RecordValue, make_ipaddr, make_set
from yett.review.ask import Asker
from yett.review.encode_terms import negate
from yett.review.pairs import pair_actions
from yett.review.question import questions
from yett.review.side import plain_side

STRING, LONG, BOOL = Plain("String"), Plain("Long"), Plain("Bool")
A = Attribute
USER = EntityType(
    name="User",
    attributes=(
        A("name", STRING),
        A("age", LONG, required=False),
        A("tags", SetOf(STRING)),
        A("boss", Reference("User"), required=False),
        A("addr", Record((A("city", STRING), A("zip", LONG, required=False)))),
    ),
    parents=("Role", "Group"),
)
DOC = EntityType(
    name="Doc",
    attributes=(
        A("owner", Reference("User")),
        A("n", LONG),
        A("m", LONG, required=False),
        A("t", STRING),
        A("flag", BOOL, required=False),
        A("readers", SetOf(Reference("User"))),
        A("when", Plain("datetime")),
        A("price", Plain("decimal")),
        A("span", Plain("duration")),
        A("nums", SetOf(LONG)),
        A("hosts", SetOf(Plain("ipaddr"))),
    ),
    parents=("Group",),
)
CONTEXT = (
    A("ip", Plain("ipaddr")),
    A("mfa", BOOL),
    A("now", Plain("datetime")),
    A("amr", SetOf(STRING)),
    A("age", LONG, required=False),
)
SCHEMA = Schema(
    {
        "User": USER,
        "Group": EntityType(
            name="Group", attributes=(A("name", STRING),), parents=("Group", "Org")
        ),
        "Org": EntityType(name="Org"),
        "Role": EntityType(name="Role", members=("staff", "admin")),
        "Doc": DOC,
    },
    {
        "all": ActionType(id="all"),
        "get": ActionType(
            id="get",
            groups=("all",),
            principals=("User",),
            resources=("Doc", "User"),
            context=CONTEXT,
        ),
    },
)
TEXT = write_schema(SCHEMA)


def rules(text: str) -> tuple[Rule, ...]:
    """Read valid policies; those without an `@id` get one."""
    found, flaws = read_rules((PolicyText("t.cedar", text),), SCHEMA)
    assert not flaws, flaws
    return found


def permit(expr: str) -> str:
    return f'@id("p") permit(principal, action, resource is Doc) when {{ {expr} }};'


def side(text: str):
    return plain_side(SCHEMA, rules(text))


def question(old: str, new: str, resource: str = "Doc"):
    """The question of two policy texts about one type of resource."""
    sides = side(old), side(new)
    (pair,) = pair_actions(*sides)
    return next(q for q in questions(pair, *sides, {}) if q.resource == resource)


def answer(expr: str) -> str:
    """`always`, `never` or `sometimes`: where a permit with this condition holds, on a Doc."""
    asked = question(permit("false"), permit(expr))
    asker = Asker(asked.facts())
    if asker.ask(asked.new.allowed).verdict == "no":
        return "never"
    return "always" if asker.ask(negate(asked.new.allowed)).verdict == "no" else "sometimes"


class Random:
    """Random policies, and random requests to test them with."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def pair(self) -> tuple[str, str]:
        """Two valid texts, the second a change of the first."""
        while True:
            old = [self.policy(n) for n in range(self.random.randint(1, 3))]
            new = self._changed(old)
            texts = "\n".join(old), "\n".join(new)
            if all(cedarpy.validate_policies(t, TEXT).validation_passed for t in texts):
                return texts

    def _changed(self, policies):
        new = list(policies)
        at = self.random.randrange(len(new))
        if self.random.random() < 0.3 and len(new) > 1:
            del new[at]
        elif self.random.random() < 0.6:
            new[at] = self.policy(at)
        else:
            new.append(self.policy(len(new)))
        return new

    def policy(self, number: int) -> str:
        effect = self.pick("permit", "permit", "forbid")
        who = self.pick(
            "principal",
            "principal is User",
            'principal in Role::"admin"',
            'principal is User in Group::"g"',
            'principal == User::"u"',
        )
        what = self.pick(
            "resource", "resource is Doc", 'resource in Group::"g"', 'resource == Doc::"d"'
        )
        action = self.pick("action", 'action == Action::"get"', 'action in Action::"all"')
        clauses = " ".join(
            f"{self.pick('when', 'when', 'unless')} {{ {self.condition(self.random.randint(0, 2))} }}"
            for _ in range(self.random.randint(0, 2))
        )
        return f'@id("p{number}") {effect}({who}, {action}, {what}) {clauses};'

    def condition(self, depth: int) -> str:
        if depth <= 0:
            return self.atom()
        one, two = self.condition(depth - 1), self.condition(depth - 1)
        return self.pick(
            f"({one} && {two})",
            f"({one} || {two})",
            f"!({one})",
            f"(if {one} then {two} else {self.condition(depth - 1)})",
            self.atom(),
        )

    def long(self) -> str:
        return self.pick(
            "3",
            "resource.n",
            "(resource.n + 5)",
            "(resource.n * 2)",
            "context.age",
            "principal.age",
            "9223372036854775807",
            "(-(resource.n))",
            "resource.span.toSeconds()",
            "resource.when.toTime().toHours()",
        )

    def string(self) -> str:
        return self.pick('"a"', '"b"', "resource.t", "principal.name", '"\\\\u{41}é"')

    def entity(self) -> str:
        return self.pick("principal", "resource.owner", 'User::"u"', "principal.boss")

    def atom(self) -> str:
        g, star = 'Group::"g"', self.pick('"a*"', '"*b"', '"a*b"', '"a\\*c"')
        return self.pick(
            f"{self.long()} {self.pick('<', '<=', '>', '==', '!=')} {self.long()}",
            f"{self.string()} == {self.string()}",
            f"{self.string()} like {star}",
            f"{self.entity()} == {self.entity()}",
            f"{self.entity()} in {self.pick(g, 'Role::' + chr(34) + 'staff' + chr(34))}",
            f"resource in {self.pick(g, 'Org::' + chr(34) + 'o' + chr(34))}",
            f'principal in [{g}, Group::"h"]',
            f"principal has {self.pick('age', 'boss.age', 'addr.zip')}",
            f"resource has {self.pick('flag', 'm')}",
            f"resource is {self.pick('Doc', 'User')}",
            f"principal.tags.contains({self.string()})",
            "principal.tags.containsAny(context.amr)",
            "principal.tags.containsAll(context.amr)",
            "principal.tags.isEmpty()",
            f"resource.readers.contains({self.entity()})",
            f"{self.entity()} in resource.readers",
            f"[1, 2, {self.long()}].contains({self.long()})",
            f'context.ip.isInRange(ip("{self.pick("10.0.0.0/8", "10.1.0.0/16", "fe80::/10")}"))',
            f"context.ip.{self.pick('isLoopback', 'isIpv4', 'isMulticast')}()",
            'context.now < datetime("2024-05-01T10:00:00Z")',
            'context.now >= resource.when.offset(duration("1d2h"))',
            f'resource.price.{self.pick("lessThan", "greaterThanOrEqual")}(decimal("1.5"))',
            "context.now.durationSince(resource.when) < resource.span",
            f'principal.addr == {{"city": {self.string()}, "zip": {self.long()}}}',
            "context.mfa",
        )

    def value(self, type_):
        pick = self.pick
        match type_:
            case Plain("String"):
                return pick("a", "b", "ab", "")
            case Plain("Long"):
                return pick(0, 1, 3, -1, 2**63 - 1, -(2**63))
            case Plain("Bool"):
                return pick(True, False)
            case Plain("datetime"):
                return Datetime(pick(0, 1714557600000, 86400000, -5))
            case Plain("duration"):
                return Duration(pick(0, 5, -10800000, 10000))
            case Plain("decimal"):
                return Decimal(pick(0, 15000, -22500))
            case Plain("ipaddr"):
                return make_ipaddr(pick("10.1.2.3", "10.9.2.3", "127.0.0.1", "fe80::1"))
            case Reference(entity):
                return Uid(entity, pick("u", "v"))
            case SetOf(element):
                return make_set([self.value(element) for _ in range(self.random.randint(0, 3))])
            case Record(attributes):
                return RecordValue(self.values(attributes))

    def values(self, attributes):
        return {
            a.name: self.value(a.type)
            for a in attributes
            if a.required or self.random.random() < 0.6
        }

    def inputs(self, resource: str) -> Inputs:
        """A request that conforms to the schema."""
        who = Uid("User", self.pick("u", "v"))
        what = Uid(resource, self.pick("d", "u", "v"))
        groups = [Uid("Role", "staff"), Uid("Role", "admin"), Uid("Group", "g"), Uid("Group", "h")]
        entities = {}
        for uid in {who, what, Uid("User", "u")}:
            type_ = SCHEMA.entities[uid.type]
            above = [g for g in groups if g.type in type_.parents and self.random.random() < 0.4]
            attrs = self.values(type_.attributes)
            entities[uid] = Entity(uid, attrs, frozenset(above))
        return Inputs(who, what, self.values(CONTEXT), entities)
