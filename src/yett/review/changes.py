"""What a comparison says: who gains or loses what, how sure it is, and a request that shows it.

Values only; no solver is needed to read them.
"""

from __future__ import annotations

from msgspec import Struct

from yett.policy.cedar.model import Entity, Rule, Uid, Value

CONFIRMED, POSSIBLE, NOT_PROVED = "confirmed", "possible", "not proved"


class Case(Struct, frozen=True, kw_only=True):
    """One request with all that is known, as one side sees it.

    Args:
        kind: of the principal.
        principal, resource, context, entities: as for `cedar.model.Inputs`, with own type names.
        roles, scopes: what the credential carries, not what roles add to it.
        others: second credentials: scheme -> scopes it carries, for those that are good.
    """

    kind: str
    principal: Uid
    resource: Uid
    context: dict[str, Value]
    entities: tuple[Entity, ...]
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    others: dict[str, frozenset[str]] = {}


class Change(Struct, frozen=True, kw_only=True):
    """One kind of caller that gains or loses one action.

    Args:
        action: as in NEW, else in OLD; `fields` is the field class it stands for, if any.
        gains: whether NEW allows what OLD refuses, or the reverse.
        certainty: `confirmed`, `possible` or `not proved`.
        kind: of the caller.
        who: the classes that change, named; empty where nothing is proved.
        case: a request that shows it, as the side sees it that allows it.
        permits: rules of that side that permit the case.
        forbids: rules of the other side that refuse it.
        reads: variable -> attributes of it that rules read.
        note: why nothing is proved, or why the other side refuses.
    """

    action: str
    gains: bool
    certainty: str
    kind: str
    fields: str = ""
    who: tuple[str, ...] = ()
    case: Case | None = None
    permits: tuple[Rule, ...] = ()
    forbids: tuple[Rule, ...] = ()
    reads: dict[str, frozenset[str]] = {}
    note: str = ""


class Compared(Struct, frozen=True):
    """All changes, and how many questions were asked to find them."""

    changes: tuple[Change, ...]
    questions: int
