"""The Cedar schema of a contract: entity types, actions with their groups, one context for all.

Derived, never written by hand: policies are validated against what the contract really declares.
The vocabulary is in the brief of docs/concepts/authorization.md.
"""

from __future__ import annotations

from yett.contract.model import Operation
from yett.policy.authz.declared import SAFE
from yett.policy.authz.facts import Facts
from yett.policy.authz.names import (
    ANONYMOUS,
    API,
    APPROVING,
    KEY,
    READING,
    ROLE,
    SERVICE,
    WRITING,
    class_action,
)
from yett.policy.authz.reads import showing_action
from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Record,
    Reference,
    Schema,
    SetOf,
    Type,
)

STRING = Plain("String")
STRINGS = SetOf(STRING)
# What every principal has; an anonymous one has it empty.
BASE: tuple[Attribute, ...] = (
    Attribute("id", STRING),
    Attribute("issuer", STRING),
    Attribute("scopes", STRINGS),
    Attribute("roles", STRINGS),
    Attribute("client", STRING, required=False),
    # Absent rather than empty: two empty tenants would be equal.
    Attribute("tenant", STRING, required=False),
)
CONTEXT: tuple[Attribute, ...] = (
    Attribute("now", Plain("datetime")),
    Attribute("source", Plain("ipaddr")),
    Attribute("secure", Plain("Bool")),
    Attribute("acr", STRING),
    Attribute("amr", STRINGS),
    Attribute("auth_age", Plain("Long"), required=False),
    Attribute("seen", Plain("Bool"), required=False),
)


def derive_schema(facts: Facts) -> Schema:
    """Derive the schema of what a contract declares."""
    entities = _entities(facts)
    people = (facts.contract.config.principal.type, SERVICE, KEY)
    made: dict[str, ActionType] = {}
    for operation in facts.operations():
        record = facts.records.get(operation.id)
        resource = record.resource.type if record is not None else API
        for action, groups in actions_of(operation, facts):
            made[action] = ActionType(
                id=action,
                groups=groups,
                principals=(*people, ANONYMOUS) if _anonymous(operation) else people,
                resources=(resource,),
                context=CONTEXT,
            )
    groups_ = sorted({group for action in made.values() for group in action.groups})
    return Schema(entities, {name: ActionType(id=name) for name in groups_} | made)


def _entities(facts: Facts) -> dict[str, EntityType]:
    config = facts.contract.config
    claims = tuple(attribute for attribute, _ in facts.claims)
    enriched = tuple(attribute for attribute, _ in facts.enriched)
    principal = {
        config.principal.type: (*BASE, *claims, *enriched),
        SERVICE: (*BASE, *claims),
        KEY: BASE,
        ANONYMOUS: BASE,
    }
    records = {
        name: tuple(a for a, _ in named.values()) for name, named in facts.attributes.items()
    }
    found = {
        name: EntityType(
            name=name,
            attributes=_union(principal.get(name, ()), records.get(name, ())),
            parents=(ROLE,) if name in principal else (),
        )
        for name in (*principal, *records)
    }
    # An enumerated type needs a member: without roles, one that nobody has.
    found[ROLE] = EntityType(name=ROLE, members=tuple(config.vocabulary.roles) or ("-",))
    found[API] = EntityType(name=API)
    for referred in _referred(found):
        found.setdefault(referred, EntityType(name=referred))
    return found


def _union(one: tuple[Attribute, ...], two: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    return tuple({attribute.name: attribute for attribute in (*two, *one)}.values())


def _referred(entities: dict[str, EntityType]) -> list[str]:
    """Entity types that attributes name."""
    found: list[str] = []
    open_: list[Type] = [a.type for e in entities.values() for a in e.attributes]
    while open_:
        match open_.pop():
            case Reference(entity):
                found.append(entity)
            case SetOf(element):
                open_.append(element)
            case Record(inner):
                open_ += [attribute.type for attribute in inner]
            case Plain():
                pass
    return found


def actions_of(operation: Operation, facts: Facts) -> list[tuple[str, tuple[str, ...]]]:
    """Return the operation's action and those of its field classes, each with its groups."""
    action = facts.actions[operation.id]
    kind = READING if operation.method in SAFE else WRITING
    tags = tuple(f"tag:{tag}" for tag in dict.fromkeys(operation.tags))
    found = [(action, (kind, f"api:{operation.api}", *tags))]
    found += [(name, (f"{kind}:{label}",)) for label, name in _class_actions(operation, facts)]
    demand = operation.settings.sensitive
    if demand is not None and demand.approvals:
        found.append((class_action(action, APPROVING), (APPROVING,)))
    return found


def _class_actions(operation: Operation, facts: Facts) -> list[tuple[str, str]]:
    """Return (class, action) of what the operation itself decides: what it is sent, or shows."""
    action, labels = facts.actions[operation.id], facts.labels.get(operation.id)
    if labels is None:
        return []
    shown = [
        n for n in labels.shown if showing_action(operation, n, facts) == class_action(action, n)
    ]
    return [(name, class_action(action, name)) for name in sorted({*labels.sent, *shown})]


def _anonymous(operation: Operation) -> bool:
    security = operation.security
    return operation.settings.public is True or (security is not None and () in security)
