"""Callers as entities, remembered while their tokens are used: made once for a credential.

A verified token or key gives the same principal each time, so what was made of it is found by that
very object, and by the very answer of the service about its holder. A program has one roster:
another contract, other entities. Bounded; who fills it makes others pay what they paid without it:
3 us (bench: /GET of `bench guarded`).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.engine.callers import Unjudged, make_subject
from yett.policy.authz.model import Identity
from yett.policy.authz.names import ANONYMOUS
from yett.policy.cedar.model import Entity, Uid
from yett.terms import Principal

MAX_CALLERS = 1024


class Caller(Struct, frozen=True):
    """One caller.

    Args:
        principal, enriched: what it was made of.
        entity: as policies see it; of nobody where `unjudged` says why it cannot be made.
        unjudged: empty, or why whatever is decided for it is a denial.
    """

    principal: Principal
    enriched: dict[str, Any]
    entity: Entity
    unjudged: str = ""


class Roster:
    """The callers of one program, by identity: an equal principal is another one."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # The value holds the principal, so that no other gets its `id` while it is a key.
        self._known: dict[int, Caller] = {}

    def __len__(self) -> int:
        """Count what is remembered."""
        return len(self._known)

    def find(self, principal: Principal, enriched: dict[str, Any], identity: Identity) -> Caller:
        """Return the caller of a principal.

        Args:
            principal: as its credential proved it.
            enriched: what the service said of it; nobody changes it afterwards.
            identity: the program's mapping, always the same.
        """
        known = self._known.get(id(principal))
        if known is not None and known.principal is principal and known.enriched is enriched:
            return known
        made = make_subject(principal, identity, enriched)
        if isinstance(made, Unjudged):
            caller = Caller(principal, enriched, Entity(Uid(ANONYMOUS, "")), made.reason)
        else:
            caller = Caller(principal, enriched, made)
        self._keep(caller)
        return caller

    def _keep(self, caller: Caller) -> None:
        known, key = self._known, id(caller.principal)
        if len(known) >= MAX_CALLERS and key not in known:
            del known[next(iter(known))]  # the oldest; one that is still used comes back
        known[key] = caller
