"""The rule, the people and the records of `bench.authz`, as each subject wants them."""

from __future__ import annotations

from typing import Any, NamedTuple

import casbin
from cel_expr_python import cel

from yett.contract.model import PolicyText
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Reference,
    Schema,
    SetOf,
)
from yett.policy.cedar.values import make_set

ITEMS = 100
ACTIONS = tuple(f"op{n}" for n in range(100))
STRING = Plain("String")
SCHEMA = Schema(
    {
        "Role": EntityType(name="Role", members=("admin", "staff")),
        "User": EntityType(
            name="User",
            parents=("Role",),
            attributes=(Attribute("id", STRING), Attribute("depots", SetOf(STRING))),
        ),
        "Booking": EntityType(
            name="Booking",
            attributes=(
                Attribute("customer", Reference("User")),
                Attribute("status", STRING),
                Attribute("depot", STRING),
            ),
        ),
    },
    {
        id_: ActionType(
            id=id_,
            principals=("User",),
            resources=("Booking",),
            context=(Attribute("secure", Plain("Bool")),),
        )
        for id_ in ACTIONS
    },
)
POLICIES = """
@id("own-{0}") permit(principal is User, action == Action::"op{0}", resource is Booking)
when {{ resource.customer == principal }};
@id("depot-{0}") permit(principal in Role::"staff", action == Action::"op{0}", resource is Booking)
when {{ principal.depots.contains(resource.depot) }};
@id("frozen-{0}") forbid(principal, action == Action::"op{0}", resource is Booking)
when {{ resource.status == "frozen" }} unless {{ principal in Role::"admin" }};
"""
CEL = """
(resource.customer == principal.id
  || ("staff" in principal.roles && resource.depot in principal.depots))
&& !(resource.status == "frozen" && !("admin" in principal.roles))
"""
CASBIN = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = rule, act, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && eval(p.rule)
"""
CASBIN_RULES = (
    ("r.obj.customer == r.sub.id", "allow"),
    ("r.sub.staff && r.obj.depot in r.sub.depots", "allow"),
    ("r.obj.status == 'frozen' && !r.sub.admin", "deny"),
)


class Person:
    """A person, as attributes for Casbin, as a dictionary for CEL, as an entity for Cedar."""

    def __init__(self, id_: str, roles: tuple[str, ...], depots: tuple[str, ...]) -> None:
        self.id, self.roles, self.depots = id_, roles, depots
        self.staff, self.admin = "staff" in roles, "admin" in roles
        self.plain = {"id": id_, "roles": list(roles), "depots": list(depots)}
        self.entity = Entity(
            Uid("User", id_),
            {"id": id_, "depots": make_set(depots)},
            frozenset(Uid("Role", role) for role in roles),
        )


class Item:
    """A record in the same three ways."""

    def __init__(self, row: dict[str, str]) -> None:
        self.customer, self.status, self.depot = row["customer"], row["status"], row["depot"]
        self.plain = row
        self.entity = Entity(
            Uid("Booking", row["id"]),
            {
                "customer": Uid("User", self.customer),
                "status": self.status,
                "depot": self.depot,
            },
        )


class Ask(NamedTuple):
    """May this person do it to this record?"""

    person: Person
    item: Item


def make_item(row: dict[str, str]) -> Item:
    return Item(row)


def booking(customer: str, status: str, depot: str) -> Item:
    return Item({"id": "b1", "customer": customer, "status": status, "depot": depot})


STAFF = Person("u1", ("staff",), ("d1", "d2"))
CUSTOMER = Person("u2", (), ())
ADMIN = Person("u3", ("admin", "staff"), ("d1",))
TABLE = (
    (Ask(STAFF, booking("u9", "open", "d2")), True),
    (Ask(CUSTOMER, booking("u2", "open", "d7")), True),
    (Ask(CUSTOMER, booking("u9", "open", "d1")), False),
    (Ask(STAFF, booking("u9", "open", "d9")), False),
    (Ask(CUSTOMER, booking("u2", "frozen", "d1")), False),
    (Ask(ADMIN, booking("u9", "frozen", "d1")), True),
)


def person() -> Person:
    return STAFF


def rows() -> list[dict[str, str]]:
    """Give the records of a list, a third of them of the person's depots."""
    return [
        {
            "id": f"b{n}",
            "customer": f"u{n % 40}",
            "status": "frozen" if n % 11 == 0 else "open",
            "depot": f"d{n % 6}",
            "note": "left at the door",
        }
        for n in range(ITEMS)
    ]


def make_rules(count: int) -> tuple[PolicyText, ...]:
    return (PolicyText("a.cedar", "".join(POLICIES.format(n) for n in range(count // 3))),)


def cel_expression() -> Any:
    kind = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    return cel.NewEnv(variables={"principal": kind, "resource": kind}).compile(CEL)


def casbin_enforcer(count: int) -> Any:
    model = casbin.Model()
    model.load_model_from_text(CASBIN)
    enforcer = casbin.Enforcer(model)
    for n in range(count // 3):
        for rule, effect in CASBIN_RULES:
            enforcer.add_policy(rule, f"op{n}", effect)
    return enforcer
