"""A small schema, its rules and requests: what tests of Cedar start from."""

from __future__ import annotations

from cedarpy import PolicySet

from yett.contract.model import PolicyText
from yett.policy.cedar.model import Entity, Inputs, Uid
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices
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
from yett.policy.cedar.values import RecordValue, make_datetime, make_ipaddr, make_set

STRING, LONG, BOOL = Plain("String"), Plain("Long"), Plain("Bool")
PLACE = Record((Attribute("city", STRING), Attribute("zone", LONG, required=False)))
CONTEXT = (
    Attribute("now", Plain("datetime")),
    Attribute("source", Plain("ipaddr")),
    Attribute("secure", BOOL),
    Attribute("acr", STRING),
    Attribute("seen", BOOL, required=False),
)
SCHEMA = Schema(
    {
        "Role": EntityType(name="Role", members=("admin", "staff")),
        "User": EntityType(
            name="User",
            parents=("Role",),
            attributes=(
                Attribute("id", STRING),
                Attribute("depots", SetOf(STRING)),
                Attribute("tenant", STRING, required=False),
                Attribute("place", PLACE, required=False),
            ),
        ),
        "Api": EntityType(name="Api"),
        "Booking": EntityType(
            name="Booking",
            attributes=(
                Attribute("customer", Reference("User")),
                Attribute("status", STRING),
                Attribute("depot", STRING),
                Attribute("amount", LONG),
                Attribute("paid", BOOL),
                Attribute("at", Plain("datetime"), required=False),
                Attribute("rate", Plain("decimal"), required=False),
                Attribute("tags", SetOf(STRING), required=False),
                Attribute("place", PLACE),
            ),
        ),
    },
    {
        "read": ActionType(id="read"),
        "write": ActionType(id="write"),
        "tag:bookings": ActionType(id="tag:bookings"),
        **{
            id_: ActionType(
                id=id_,
                groups=groups,
                principals=("User",),
                resources=resources,
                context=CONTEXT,
            )
            for id_, groups, resources in (
                ("getBooking", ("read", "tag:bookings"), ("Booking",)),
                ("cancelBooking", ("write", "tag:bookings"), ("Booking",)),
                ("status", ("read",), ("Api",)),
            )
        },
    },
)
U1, U2 = Uid("User", "u1"), Uid("User", "u2")
B1 = Uid("Booking", "b1")
API = Uid("Api", "shop")
ADMIN, STAFF = Uid("Role", "admin"), Uid("Role", "staff")
ANYONE = "principal, action, resource"


def policies(text: str, path: str = "policies/a.cedar") -> tuple[PolicyText, ...]:
    """Put one text into a file."""
    return (PolicyText(path, text),)


def right(text: str, schema: Schema = SCHEMA):
    """Read rules that must be right."""
    rules, flaws = read_rules(policies(text), schema)
    assert not flaws
    return rules


def slices(text: str, engine: str = "compiled", schema: Schema = SCHEMA):
    """Compile rules that must be right."""
    return make_slices(right(text, schema), schema, engine=engine)


def when(condition: str, *, id_: str = "one", effect: str = "permit", scope: str = ANYONE) -> str:
    """Write a rule of one condition."""
    return f'@id("{id_}") {effect}({scope}) when {{ {condition} }};'


def expression(text: str):
    """Parse one expression into cedarpy's tree."""
    policy = PolicySet.from_str(f"permit(principal, action, resource) when {{ {text} }};").to_pst()
    return policy.static_policies["policy0"].clauses[0].expr


def tree(text: str):
    """Parse one policy into cedarpy's tree."""
    return PolicySet.from_str(text).to_pst().static_policies["policy0"]


def user(uid: Uid = U1, *groups: Uid, **attributes) -> Entity:
    """Make a principal."""
    held = {"id": uid.id, "depots": make_set(["d1"]), **attributes}
    return Entity(uid, held, frozenset(groups))


def booking(uid: Uid = B1, **attributes) -> Entity:
    """Make a record."""
    held = {
        "customer": U1,
        "status": "open",
        "depot": "d1",
        "amount": 5,
        "paid": False,
        "place": RecordValue({"city": "Oban"}),
    }
    return Entity(uid, held | attributes)


def context(**changes):
    """Make a context."""
    return {
        "now": make_datetime(1_700_000_000),
        "source": make_ipaddr("10.1.2.3"),
        "secure": True,
        "acr": "pwd",
        **changes,
    }


def asking(principal: Entity | Uid = U1, resource: Entity | Uid = B1, **changes) -> Inputs:
    """Ask one question; a bare uid is an entity that nobody knows."""
    known = [one for one in (principal, resource) if isinstance(one, Entity)]
    return Inputs(
        _name(principal), _name(resource), context(**changes), {one.uid: one for one in known}
    )


def _name(one: Entity | Uid) -> Uid:
    return one.uid if isinstance(one, Entity) else one
