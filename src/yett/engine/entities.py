"""What policies see of one exchange: the caller and a record as Cedar entities, and the context.

A record is typed on the way in: one that is not as the contract declares it is none. Entities of
one uid are merged, and what was verified wins. Cedar reference, "Entities and context".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from yett.engine.callers import NO_TEXTS, texts_of, typed_value
from yett.engine.exchange import Exchange
from yett.engine.pointing import MISSING, pointed
from yett.policy.authz.model import Shape
from yett.policy.cedar.model import Entity, Inputs, Uid, Value
from yett.policy.cedar.values import ValueMismatch, make_datetime, make_ipaddr, merge
from yett.terms import Principal

MAX_SOURCES = 4096
MAX_SKEW_SECONDS = 300


def subject(x: Exchange) -> Entity:
    """Return the caller as an entity, found once for an exchange.

    Where it cannot be made, `x.unjudged` says why, and `judging.judge` denies.
    """
    if x.subject is not None:
        return x.subject
    authz = x.program.policy.authz
    assert authz is not None
    caller = x.program.roster.find(x.principal, x.enriched, authz.identity)
    x.unjudged = caller.unjudged
    x.subject = caller.entity
    return caller.entity


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
        "amr": texts_of(amr) if type(amr) is list else NO_TEXTS,
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
        typed = typed_value(attribute.type, found)
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


def _merged(x: Exchange, who: Entity, entity: Entity) -> Entity:
    authz = x.program.policy.authz
    assert authz is not None
    if entity.uid == who.uid:
        return merge(who, entity)
    if entity.uid.type in authz.identity.types.values():
        # Its name it has. Roles, scopes and issuer nobody has proved here: a rule that asks for
        # them errs. Empty ones would say that a record of an administrator is none (CWE-863).
        return Entity(entity.uid, {"id": entity.uid.id, **entity.attrs}, entity.ancestors)
    return entity
