"""What policies see of one exchange: the caller and a record as Cedar entities, and the context.

Everything is typed on the way in by `values.read_value`: a value of another type is never guessed
at. Who cannot be made into an entity is nobody: `judging` denies whatever is asked for them.
Cedar reference, "Entities and context".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from yett.credentials.claims import find_claim
from yett.engine.exchange import Exchange
from yett.policy.authz.model import Identity, Pointer, Shape
from yett.policy.authz.names import ANONYMOUS, ROLE
from yett.policy.cedar.model import Entity, Inputs, Uid, Value
from yett.policy.cedar.types import Attribute, Type
from yett.policy.cedar.values import (
    ValueMismatch,
    make_datetime,
    make_ipaddr,
    make_set,
    merge,
    read_value,
)
from yett.terms import Principal

MAX_ID_CHARACTERS = 512
MAX_SOURCES = 4096
MAX_SKEW_SECONDS = 300
# Longer indices are no places in a document that was read within its limits.
MAX_INDEX_DIGITS = 7


class Missing:
    """There is nothing at the pointer."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Unjudged(Struct, frozen=True):
    """Why a principal cannot be made into an entity; `entity` stands for it and is nobody."""

    reason: str


def subject(x: Exchange) -> Entity:
    """Return the caller as an entity, made once for an exchange.

    Where it cannot be made, `x.unjudged` says why, and `judging.judge` denies.
    """
    if x.subject is not None:
        return x.subject
    authz = x.program.policy.authz
    assert authz is not None
    made = make_subject(x.principal, authz.identity, x.enriched)
    if isinstance(made, Unjudged):
        x.unjudged = made.reason
        made = Entity(Uid(ANONYMOUS, ""))
    x.subject = made
    return made


def make_subject(
    principal: Principal, identity: Identity, enriched: dict[str, Value]
) -> Entity | Unjudged:
    """Make a principal into an entity.

    Args:
        principal: as its credential proved it.
        identity: the contract's mapping.
        enriched: what the service said of it, as Cedar values.
    """
    type_ = identity.types.get(principal.kind)
    if type_ is None:
        return Unjudged(f"the contract knows no principal of kind `{principal.kind}`")
    named = _name(principal, identity)
    if isinstance(named, Unjudged):
        return named
    claims = _claims(principal, identity)
    if isinstance(claims, Unjudged):
        return claims
    roles, scopes = principal.roles, principal.scopes
    for role in roles:
        scopes |= identity.roles.get(role, _NO_SCOPES)
    # What yett verified itself stands over claims of the same name, those over the service's word.
    attrs: dict[str, Value] = {
        **enriched,
        **claims,
        "id": named,
        "issuer": principal.issuer,
        "scopes": _texts(scopes),
        "roles": _texts(roles),
    }
    if principal.client:
        attrs["client"] = principal.client
    if principal.tenant:
        attrs["tenant"] = principal.tenant
    # `Role` is an enumerated type: a role that the vocabulary has not is no entity.
    groups = frozenset(Uid(ROLE, role) for role in roles if role in identity.roles)
    return Entity(Uid(type_, named), attrs, groups)


def context(x: Exchange, seen: bool | None) -> dict[str, Value]:
    """Return the context of a decision.

    Args:
        x: the exchange.
        seen: whether the caller was shown this record; None where its id is not known.
    """
    base = x.context
    if base is None:
        base = x.context = _context(x)
    return base if seen is None else {**base, "seen": seen}


def principal_context(principal: Principal, now: float) -> dict[str, Value]:
    """Return what of the context a principal brings along: all but what its request is like."""
    claims = principal.claims
    acr, amr = claims.get("acr"), claims.get("amr")
    signed_in: Any = claims.get("auth_time")
    found: dict[str, Value] = {
        "now": make_datetime(now),
        "acr": acr if type(acr) is str else "",
        "amr": _texts(amr) if type(amr) is list else _NO_TEXTS,
    }
    # A sign-in of the future is no fresh one; clocks may differ a little (RFC 9068 s4).
    if type(signed_in) in (int, float) and 0 <= signed_in <= now + MAX_SKEW_SECONDS:
        found["auth_age"] = max(0, int(now - signed_in))
    return found


def record(shape: Shape, id_: str, value: Any, *, partial: bool = False) -> Entity | None:
    """Make the JSON of a record into an entity.

    Args:
        shape: where its attributes are.
        id_: its id, as `text_of` writes it; empty for a record that has none yet.
        value: the JSON.
        partial: a new record, to which the service adds the rest: what is required may be absent.

    Returns:
        None when a required attribute is absent, or any is of another type than declared: an
        optional one that was dropped instead would switch off the `forbid` that asks for it.
    """
    attrs: dict[str, Value] = {}
    for attribute, pointer in shape.attributes:
        found = pointed(value, pointer)
        if found is MISSING or found is None:
            if attribute.required and not partial:
                return None
            continue
        typed = _typed(attribute.type, found)
        if typed is MISSING:
            return None
        attrs[attribute.name] = typed
    return Entity(Uid(shape.type, id_), attrs)


def inputs(x: Exchange, resource: Uid, entity: Entity | None, seen: bool | None) -> Inputs:
    """Put together one question; entities of one uid are merged, what was verified wins.

    Args:
        x: the exchange.
        resource: what it is about.
        entity: what is known of that; None when nothing is.
        seen: as for `context`.
    """
    who = subject(x)
    entities = {who.uid: who}
    if entity is not None:
        entities[resource] = _merged(x, who, entity)
    return Inputs(who.uid, resource, context(x, seen), entities)


def typed_attributes(
    attributes: tuple[tuple[Attribute, Pointer], ...], value: Any
) -> dict[str, Value] | Unjudged:
    """Read attributes of the principal from JSON; null and absent are the same."""
    found: dict[str, Value] = {}
    for attribute, pointer in attributes:
        reason = _take(found, attribute, pointed(value, pointer))
        if reason is not None:
            return reason
    return found


def pointed(value: Any, pointer: Pointer) -> Any:
    """Return what stands at a pointer, or MISSING. See RFC 6901 s4."""
    for token in pointer:
        if type(value) is dict:
            value = value.get(token, MISSING)
        elif type(value) is list:
            at = index_of(token)
            value = value[at] if 0 <= at < len(value) else MISSING
        else:
            return MISSING
    return value


def index_of(token: str) -> int:
    """Read an array index, -1 when it is none: ASCII digits without leading zeros."""
    if not (token.isascii() and token.isdigit() and len(token) <= MAX_INDEX_DIGITS):
        return -1
    return int(token) if len(token) == 1 or token[0] != "0" else -1


def text_of(value: Any) -> str | None:
    """Write an id as Cedar's entity ids are: text as it is, an integer in decimal; None for others.

    An empty id names nothing, or nobody's record would be everybody's.
    """
    if type(value) is str:
        return value if 0 < len(value) <= MAX_ID_CHARACTERS else None
    return str(value) if type(value) is int and abs(value) < _MOST_ID else None


def _name(principal: Principal, identity: Identity) -> str | Unjudged:
    if principal.kind == "anonymous":
        return NOBODY
    given: Any = principal.id
    # An API key carries no claims; its owner is its name.
    if identity.claim and principal.kind != "key":
        given = find_claim(principal.claims, identity.claim)
    text = text_of(given)
    if text is None:
        return Unjudged(f"the claim `{identity.claim or 'sub'}` names nobody")
    own = identity.namespaces.get(principal.issuer, "")
    name = own + text
    for other in identity.namespaces.values():
        # One issuer's `partner:1` must not be the `1` of the issuer whose prefix is `partner:`.
        if len(other) > len(own) and name.startswith(other):
            return Unjudged("the name of the principal is in the namespace of another issuer")
    return name


def _claims(principal: Principal, identity: Identity) -> dict[str, Value] | Unjudged:
    if principal.kind not in _HAVE_CLAIMS:
        return _NO_CLAIMS
    found: dict[str, Value] = {}
    for attribute, claim in identity.attributes:
        reason = _take(found, attribute, find_claim(principal.claims, claim))
        if reason is not None:
            return reason
    return found


def _take(found: dict[str, Value], attribute: Attribute, given: Any) -> Unjudged | None:
    if given is None or given is MISSING:
        if attribute.required:
            return Unjudged(f"the principal's attribute `{attribute.name}` is absent")
        return None
    typed = _typed(attribute.type, given)
    if typed is MISSING:
        return Unjudged(f"the principal's attribute `{attribute.name}` is of another type")
    found[attribute.name] = typed
    return None


def _typed(type_: Type, value: Any) -> Value:
    try:
        return read_value(type_, value)
    except ValueMismatch:
        return MISSING


def _context(x: Exchange) -> dict[str, Value]:
    found = principal_context(x.principal, x.now)
    found["secure"] = x.request.secure
    address = _address(x.request.source)
    if address is not None:  # a caller by a unix socket has none; rules that ask for it err
        found["source"] = address
    return found


@lru_cache(maxsize=MAX_SOURCES)
def _address(source: str) -> Value | None:
    try:
        return make_ipaddr(source)
    except ValueMismatch:
        return None


def _texts(values: Any) -> Value:
    """Make a set of strings; what is none is left out."""
    return make_set(value for value in values if type(value) is str) if values else _NO_TEXTS


def _merged(x: Exchange, who: Entity, entity: Entity) -> Entity:
    authz = x.program.policy.authz
    assert authz is not None
    if entity.uid == who.uid:
        return merge(who, entity)
    if entity.uid.type in authz.identity.types.values():
        # Required of every principal, and never what the record says: it proves nothing.
        given = {"id": entity.uid.id, "issuer": "", "scopes": _NO_TEXTS, "roles": _NO_TEXTS}
        return Entity(entity.uid, {**given, **entity.attrs}, entity.ancestors)
    return entity


NOBODY = "anonymous"
_MOST_ID = 10**MAX_ID_CHARACTERS
_NO_SCOPES: frozenset[str] = frozenset()
_NO_CLAIMS: dict[str, Value] = {}
_NO_TEXTS = make_set(())
_HAVE_CLAIMS = frozenset(("user", "service"))
