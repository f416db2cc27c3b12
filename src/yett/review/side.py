"""One side of a question: a compiled contract, reduced to what says who may do what.

Its schema, the rules of each action, what roles carry, and OpenAPI's `security`. Where a contract
has no Cedar rules, `security` alone decides, as in the gate. Modes are not looked at here: a rule
that only observes is a change that `spec.py` reports.
"""

from __future__ import annotations

from msgspec import Struct

from yett.contract.model import Contract, Need, Operation
from yett.policy.authz.model import Authz, Guard, Located
from yett.policy.authz.names import (
    ANONYMOUS,
    API,
    APPROVING,
    KEY,
    SERVICE,
    action_names,
    class_action,
)
from yett.policy.authz.schema import BASE, CONTEXT
from yett.policy.cedar.model import Rule
from yett.policy.cedar.schema_text import write_schema
from yett.policy.cedar.types import ActionType, EntityType, Schema
from yett.policy.model import Policy
from yett.review.blind import hidden_attributes, is_refused

Security = tuple[tuple[tuple[str, frozenset[str]], ...], ...]  # OR of ANDs of (scheme, scopes)
KINDS = ("anonymous", "user", "service", "key")


class Action(Struct, frozen=True, kw_only=True):
    """What one side says about one action.

    Args:
        id: the action's id in the schema.
        base: the operation's action, of which this is a field class; itself where it is none.
        operation: the operation, None in a side that is not from a contract.
        rules: those that can speak of it; None where scopes alone decide.
        security: alternatives of (scheme, scopes); None where nobody may call.
        refused: every call is refused, because a rule reads what nothing declares.
        approval: it is the action of those who approve, not of those who call.
        located: where the record's id is in the request, and the record in the answer: one from
            elsewhere is another record.
        hidden: attributes of the record that rules read and the place of their check never shows.
    """

    id: str
    base: str
    operation: Operation | None = None
    rules: tuple[Rule, ...] | None = ()
    security: Security | None = ((),)
    refused: bool = False
    approval: bool = False
    located: str = ""
    hidden: frozenset[str] = frozenset()


class Side(Struct, frozen=True, kw_only=True):
    """A contract, as far as it says who may do what.

    Args:
        schema: its Cedar schema.
        text: it as text, with the side's own names of types.
        actions: action id -> action; groups are not among them.
        kinds: kind of principal -> entity type; a schema alone has one kind for each type.
        roles: role -> scopes; None where the principal is no caller of an API but any entity.
        schemes: security scheme -> kinds of principals it can prove.
        origins: (entity type, attribute) -> where its value is from.
        naming: where a principal's id is from.
    """

    schema: Schema
    text: str
    actions: dict[str, Action]
    kinds: dict[str, str]
    roles: dict[str, frozenset[str]] | None = None
    schemes: dict[str, frozenset[str]] = {}
    origins: dict[tuple[str, str], str] = {}
    naming: str = ""


def make_side(contract: Contract, policy: Policy) -> Side:
    """Reduce a contract and what was compiled from it."""
    authz = policy.authz
    names = action_names(contract)
    operations = {names[o.id]: o for api in contract.apis for o in api.operations}
    person = contract.config.principal.type
    kinds = {"user": person, "service": SERVICE, "key": KEY, "anonymous": ANONYMOUS}
    schema = authz.schema if authz is not None else _plain_schema(kinds, operations)
    roles = contract.config.vocabulary.roles
    return Side(
        schema=schema,
        text=write_schema(schema),
        actions=_actions(schema, operations, authz),
        kinds=kinds,
        roles={role: frozenset(scopes) for role, scopes in roles.items()},
        schemes=_schemes(operations),
        origins=_origins(authz, kinds) if authz is not None else {},
        naming=_naming(contract),
    )


def plain_side(schema: Schema, rules: tuple[Rule, ...]) -> Side:
    """Make a side of a schema and rules alone: any principal type is a kind of its own."""
    actions = {
        name: Action(id=name, base=name, rules=rules)
        for name, action in schema.actions.items()
        if action.principals
    }
    kinds = {type_: type_ for action in schema.actions.values() for type_ in action.principals}
    return Side(schema=schema, text=write_schema(schema), actions=actions, kinds=kinds)


def _naming(contract: Contract) -> str:
    """Say where the id of a principal is from: the claim, and the prefix of each issuer."""
    issuers = sorted((each.url, each.namespace) for each in contract.config.identity.issuer)
    named = [each for each in issuers if each[1]]
    return repr((contract.config.principal.id, named))


def _plain_schema(kinds: dict[str, str], operations: dict[str, Operation]) -> Schema:
    """Stand for the schema of a contract that has no rules."""
    entities = {name: EntityType(name=name, attributes=BASE) for name in kinds.values()}
    entities[API] = EntityType(name=API)
    actions = {
        name: ActionType(
            id=name, principals=tuple(kinds.values()), resources=(API,), context=CONTEXT
        )
        for name in operations
    }
    return Schema(entities, actions)


def _actions(
    schema: Schema, operations: dict[str, Operation], authz: Authz | None
) -> dict[str, Action]:
    found = {}
    for name, type_ in schema.actions.items():
        if not type_.principals:
            continue
        base = _base(name, operations)
        operation = operations[base]
        guard = authz.guards.get(operation.id) if authz is not None else None
        slice_ = authz.slices[name] if authz is not None else None
        approval = name == class_action(base, APPROVING) and name not in operations
        found[name] = Action(
            id=name,
            base=base,
            operation=operation,
            rules=slice_.rules if slice_ is not None else None,
            security=_security(operation),
            refused=slice_ is not None
            and is_refused(slice_, guard, inner=name != base, approval=approval),
            approval=approval,
            located=_located(guard, operation),
            hidden=hidden_attributes(slice_, guard) if slice_ is not None else frozenset(),
        )
    return found


def _base(action: str, operations: dict[str, Operation]) -> str:
    """Return the operation's action of a field class; an operationId may hold a colon itself."""
    while action not in operations:
        action = action.rpartition(":")[0]
    return action


def _located(guard: Guard | None, operation: Operation) -> str:
    """Say where an id and its record are; a path's parameter by its place, so its name can change.

    A list is read record by record, wherever its array stands.
    """
    if guard is None or guard.located is None:
        return ""
    return f"{_named(guard.located, operation)} {'/'.join(guard.pointer)}".rstrip()


def _named(found: Located, operation: Operation) -> str:
    names = [part[1:-1] for part in operation.path.split("/") if part[:1] == "{"]
    if found.where == "path" and found.name in names:
        return f"path {names.index(found.name)}"
    return f"{found.where} {found.name} {'/'.join(found.pointer)}".rstrip()


def _security(operation: Operation) -> Security | None:
    if operation.settings.public is True:
        return ((),)
    if operation.security is None:
        return None
    # Where a token and a certificate are needed the principal is the token's: it comes first.
    return tuple(
        tuple((need.scheme.name, need.scopes) for need in sorted(alternative, key=_by_certificate))
        for alternative in operation.security
    )


def _by_certificate(need: Need) -> bool:
    return need.scheme.type == "mutualTLS"


def _schemes(operations: dict[str, Operation]) -> dict[str, frozenset[str]]:
    """Return which kinds of principals each scheme can prove, as `engine.steps.presented` tells."""
    found: dict[str, frozenset[str]] = {}
    for operation in operations.values():
        for need in (need for alternative in operation.security or () for need in alternative):
            scheme = need.scheme
            bearer = scheme.type in ("oauth2", "openIdConnect") or scheme.http_scheme == "bearer"
            if bearer or (scheme.type, scheme.location) == ("apiKey", "cookie"):
                found[scheme.name] = frozenset(("user", "service", "key"))
            elif scheme.type == "apiKey":
                found[scheme.name] = frozenset(("key",))
            elif _by_certificate(need):
                found[scheme.name] = frozenset(("service",))
            else:
                found[scheme.name] = frozenset()  # not verified by the gate: proves nobody
    return found


def _origins(authz: Authz, kinds: dict[str, str]) -> dict[tuple[str, str], str]:
    """Return where attributes come from: the same name from elsewhere is another value."""
    found: dict[tuple[str, str], str] = {}
    for guard in authz.guards.values():
        shapes = [guard.shape, guard.read.shape if guard.read else None]
        for shape in (shape for shape in shapes if shape is not None):
            for attribute, pointer in shape.attributes:
                found[shape.type, attribute.name] = "/".join(pointer)
    for type_ in kinds.values():
        for attribute, claim in authz.identity.attributes:
            found[type_, attribute.name] = f"claim {claim}"
        enrichment = authz.identity.enrichment
        for attribute, pointer in enrichment.attributes if enrichment else ():
            found[type_, attribute.name] = f"answer {chr(47).join(pointer)}"
    return found
