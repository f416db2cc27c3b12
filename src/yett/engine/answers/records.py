"""The records of one answer: which they are, and what their rules say of each.

One question is put together for an answer and asked of each record by turns: 0.4 us an item is
spent beside reading its attributes and the decision itself (bench/authz).
"""

from __future__ import annotations

from typing import Any

from yett.engine.answers.checks import Checks
from yett.engine.denial import asks_seen
from yett.engine.entities import inputs, subject
from yett.engine.exchange import Exchange
from yett.engine.judging import NOTHING_PERMITS
from yett.engine.own_record import seen_before
from yett.policy.authz.names import API
from yett.policy.cedar.model import Decided, Entity, Inputs, Slice, Uid

_new = tuple.__new__  # of a named tuple, without its 0.1 us of naming


class Records:
    """Judges the records of one answer.

    Args:
        x: the exchange.
        checks: of its operation, with a guard.
    """

    __slots__ = ("_api", "_base", "_checks", "_guard", "_type", "_who", "_x")

    def __init__(self, x: Exchange, checks: Checks) -> None:
        assert checks.guard is not None
        self._x, self._checks, self._guard = x, checks, checks.guard
        self._type = checks.guard.type
        assert x.plan is not None
        self._api = Uid(API, x.plan.operation.api)
        self._who = subject(x)
        self._base: dict[bool | None, Inputs] = {}

    def uid(self, value: Any) -> Uid:
        """Name a record: as the answer says, else as the request does; with an empty id if none."""
        found = self._checks.name(value)
        if found is None:
            if self._type == API:
                return self._api
            if self._guard.listing is None:
                found = self._checks.find(self._x)
        return _new(Uid, (self._type, found or ""))

    def entity(self, uid: Uid, value: Any) -> Entity | None:
        """Read what rules ask of a record; None when the answer does not show it as declared."""
        return self._checks.make(uid, value)

    def question(self, uid: Uid, entity: Entity | None, seen: bool | None = None) -> Inputs:
        """Put one question; the same object each time, so it is good until the next."""
        if self._checks.principal:
            return inputs(self._x, uid, entity, seen)
        base = self._base.get(seen)
        if base is None:
            base = self._base[seen] = inputs(self._x, uid, None, seen)
        base.resource = uid
        base.entities = {self._who.uid: self._who}
        if entity is not None:
            base.entities[uid] = entity
        return base

    def decide(self, slice_: Slice, question: Inputs) -> Decided:
        """Decide without a note; most records are one of many."""
        if self._x.unjudged:
            return NOTHING_PERMITS
        decided = slice_.decide(question)
        self._x.view.sample(slice_, question, decided)
        return decided

    def seen(self, uid: Uid) -> bool | None:
        """What `context.seen` is for the record of this request (as in step 11)."""
        slice_ = self._checks.decides
        if slice_ is None or self._guard.located is None or not asks_seen(slice_):
            return None
        return not self._guard.closed or seen_before(self._x, self._who, uid)

    def saw(self, uids: list[Uid]) -> None:
        """Remember what the caller is about to be shown; what nobody in particular saw is not."""
        if uids and self._x.principal.kind != "anonymous":
            self._x.view.saw(str(self._who.uid), tuple(map(str, uids)), self._x.now)
