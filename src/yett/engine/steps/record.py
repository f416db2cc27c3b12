"""Step 11, record: may this caller do this operation to this record?

Where the rules are checked was derived from what they read (`policy.authz.placement`): before
anything is forwarded, on the body of a new record, on the record read before a write, or, for a
safe method, on the answer (step 14). What is known without the record is decided without it.
"""

from __future__ import annotations

from yett.engine.changes import write_of
from yett.engine.denial import asks_seen, deny, only_state, reason, state_rules
from yett.engine.entities import inputs, record, subject
from yett.engine.exchange import Exchange
from yett.engine.judging import foresee, judge, note, weigh
from yett.engine.own_record import OwnRecord, note_resource, seen_before
from yett.engine.pointing import MISSING
from yett.engine.step import Asking, Outcome, Step, asking
from yett.engine.steps.moves import make_moves, wrong_state
from yett.policy.authz.model import Guard, Place
from yett.policy.authz.names import API
from yett.policy.browser import Browser
from yett.policy.cedar.model import Decided, Entity, Slice, Uid
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NO_SUCH_RECORD, NOT_PERMITTED, Problem

UNCHECKABLE = NOT_PERMITTED(note="the rules read what nothing declares; see `yett check`")
UNSEEN = NO_SUCH_RECORD(note="the principal was never shown this record")


def make_record(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Choose where the rules of an operation are checked."""
    guard = operation.guard
    if guard is None or guard.slice is None:
        return None
    about = About(guard, guard.slice, operation, policy, browser)
    match guard.place:
        case Place.BEFORE:
            return asking(about.bind_in_turn) if about.own.locks else about.bind
        case Place.RESPONSE:
            return about.look_ahead
        case Place.BODY:
            return about.create
        case Place.READ if about.own.readable:
            return asking(about.read)
        case _:
            return lambda _x: UNCHECKABLE


class About:
    """The rules of one operation and the record they are about."""

    __slots__ = (
        "_api",
        "_asks_seen",
        "_guard",
        "_moves",
        "_slice",
        "_states",
        "_uid_matters",
        "own",
    )

    def __init__(
        self,
        guard: Guard,
        slice_: Slice,
        operation: OperationPolicy,
        policy: Policy,
        browser: Browser,
    ) -> None:
        self._guard, self._slice = guard, slice_
        self._api = Uid(API, operation.api) if guard.type == API else None
        self._asks_seen = guard.located is not None and asks_seen(slice_)
        self._uid_matters = slice_.footprint.resource_uid or self._asks_seen
        self._states = state_rules(slice_)
        self._moves = make_moves(guard, policy, browser)
        self.own = OwnRecord(guard, operation, policy)

    def bind(self, x: Exchange) -> Outcome:
        """Decide by the caller, the context and the record's name alone."""
        uid = self._name(x)
        if uid is None:
            return self._nameless(x)
        seen, unseen = self._seen(x, uid)
        if not judge(x, self._slice, inputs(x, uid, None, seen)).allow:
            return deny(x, self._guard, self._slice, blind=True)
        if unseen:
            self._observe(x, uid, None)
        return None

    def bind_in_turn(self, x: Exchange) -> Asking:
        """Decide as above, then wait for other writers of the record."""
        problem = self.bind(x)
        if problem is not None:
            assert isinstance(problem, Problem)
            return problem
        return (yield from self.own.lock(x, self.own.uid(x)))

    def look_ahead(self, x: Exchange) -> Outcome:
        """Decide what is known without the answer; the rest is for step 14."""
        uid = self._name(x)
        if uid is None:
            return self._nameless(x)
        if not self.own.named and self._slice.footprint.resource_uid:
            return None  # a list: each item has its own name
        seen, unseen = self._seen(x, uid)
        known = self._foresee(x, uid, seen)
        if known is not None and not known.allow:
            return deny(x, self._guard, self._slice, blind=True)
        x.granted = known is not None
        if unseen:
            other = foresee(x, self._slice, inputs(x, uid, None, seen=False))
            if other is not None and not other.allow:
                x.observed += (UNSEEN,)
        return None

    def create(self, x: Exchange) -> Outcome:
        """Decide on a new record as the request's body describes it."""
        shape, write = self._guard.shape, write_of(x)
        uid = Uid(self._guard.type, "")
        # A body that is no object shows nothing, and what is not shown switches no `forbid` on.
        readable = write.body is MISSING or type(write.body) is dict
        entity = record(shape, "", write.body, partial=True) if shape and readable else None
        if entity is None:
            return UNREADABLE
        x.entity = entity
        if judge(x, self._slice, inputs(x, uid, entity, None)).allow:
            return None
        # Nothing is hidden: what was denied is what the client wrote itself.
        return deny(x, self._guard, self._slice, blind=True)

    def read(self, x: Exchange) -> Asking:
        """Decide on the record as the service has it now, and hold it until the write is over."""
        uid = self._name(x)
        if uid is None:
            return self._nameless(x)
        seen, unseen = self._seen(x, uid)
        known = self._foresee(x, uid, seen)
        if known is not None and not known.allow:
            return deny(x, self._guard, self._slice, blind=True)
        if known is not None and not unseen:
            return (yield from self.own.lock(x, uid))
        if not (yield from self.own.seize(x, uid)):
            problem = yield from self._may_wait(x, uid, seen)
            if problem is not None:
                return problem
        problem = yield from self.own.hold(x)
        if problem is not None:
            return problem
        assert x.entity is not None
        decided = judge(x, self._slice, inputs(x, uid, x.entity, seen))
        if not decided.allow:
            return self._refuse(x, decided, x.entity)
        if unseen:
            self._observe(x, uid, x.entity)
        return None

    def _may_wait(self, x: Exchange, uid: Uid, seen: bool | None) -> Asking:
        """Refuse who may not do this to the record as it is, before they stand in others' way.

        Else whoever knows an id could fill the queue of its writers (CWE-400). It is decided again
        on the record that is held.
        """
        found = yield from self.own.peek(x)
        if isinstance(found, Problem):
            return found
        decided = judge(x, self._slice, inputs(x, uid, found, seen))
        return None if decided.allow else self._refuse(x, decided, found)

    def _foresee(self, x: Exchange, uid: Uid, seen: bool | None) -> Decided | None:
        given = inputs(x, uid, None, seen)
        known = foresee(x, self._slice, given)
        if known is not None:
            note(x, self._slice, given, known)
        return known

    def _name(self, x: Exchange) -> Uid | None:
        """Return the record's name; None where rules need an id and the request names none."""
        if self._api is not None:
            return self._api
        uid = self.own.uid(x)
        if not self.own.named:
            return uid
        if uid.id:
            note_resource(x, uid)
            return uid
        needed = self._uid_matters or self._guard.place is not Place.BEFORE
        return None if needed else uid

    def _nameless(self, x: Exchange) -> Problem:
        del x
        kind = NO_SUCH_RECORD if self._guard.hides else NOT_PERMITTED
        return kind(note="the request names no record in one way")

    def _seen(self, x: Exchange, uid: Uid) -> tuple[bool | None, bool]:
        """Return `context.seen` for the decision, and whether that was a kindness.

        Only a closed operation refuses what was never shown: links from a mail or a colleague are
        no attack (notes/authz 4E). Elsewhere it counts as seen, and what differs is observed.
        """
        if not self._asks_seen:
            return None, False
        seen = seen_before(x, subject(x), uid)
        return (seen, False) if self._guard.closed else (True, not seen)

    def _observe(self, x: Exchange, uid: Uid, entity: Entity | None) -> None:
        if not weigh(x, self._slice, inputs(x, uid, entity, seen=False)).allow:
            x.observed += (UNSEEN,)

    def _refuse(self, x: Exchange, decided: Decided, entity: Entity) -> Problem:
        machine = self._guard.machine
        if machine is not None and only_state(decided, self._states):
            current = entity.attrs.get(machine.attribute, MISSING)
            if type(current) is str:
                return wrong_state(x, self._moves, entity, current, reason(x))
        return deny(x, self._guard, self._slice, blind=False)


UNREADABLE = NOT_PERMITTED(note="the body does not show what the rules read")
