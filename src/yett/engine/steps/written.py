"""Step 11, written fields: who may change which class of a record's fields.

Only what changes is authorised, so a client may put back what it got. The rules are those of the
action `operation:class`; a class without a rule is written by nobody. Mass assignment: CWE-915,
OWASP API3:2023.
"""

from __future__ import annotations

from typing import Any

from yett.engine.changes import UNREAD, Way, Write, first_changed, write_of
from yett.engine.denial import reason
from yett.engine.entities import inputs, record
from yett.engine.exchange import Exchange
from yett.engine.judging import foresee, judge, note
from yett.engine.located import pointer_text
from yett.engine.own_record import OwnRecord
from yett.engine.pointing import MISSING
from yett.engine.step import Asking, Step, asking
from yett.policy.authz.model import Fields, Guard
from yett.policy.authz.placement import reads_record, unseen
from yett.policy.browser import SAFE_METHODS, Browser
from yett.policy.cedar.model import Entity, Slice
from yett.policy.model import OperationPolicy, Policy
from yett.problems import FIELD_NOT_PERMITTED, Problem


def make_written(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Guard the field classes that a request's body can write."""
    del browser
    guard = operation.guard
    if guard is None or not guard.written or operation.method in SAFE_METHODS:
        return None
    return asking(Written(guard, operation, policy).run)


class Written:
    """The field classes of one operation's body."""

    __slots__ = ("_blind", "_guard", "_own")

    def __init__(self, guard: Guard, operation: OperationPolicy, policy: Policy) -> None:
        self._guard = guard
        self._own = OwnRecord(guard, operation, policy)
        # Rules that read what is not shown here: nobody writes such a class.
        self._blind = frozenset(
            f.name for f in guard.written if f.lost or _is_blind(guard, f.slice)
        )

    def run(self, x: Exchange) -> Asking:
        """Judge each class that the body changes."""
        write = write_of(x)
        if write is UNREAD:
            return UNREADABLE
        touched = [one for one in self._guard.written if self._asks(x, write, one)]
        if not touched:
            return None
        before, entity = MISSING, x.entity
        if self._own.readable:
            problem = yield from self._own.hold(x)
            if problem is not None:
                return problem
            before, entity = x.record, x.entity
        return self._judge(x, write, touched, before, entity or self._new(write))

    def _asks(self, x: Exchange, write: Write, fields: Fields) -> bool:
        """Whether a class may be written and is not permitted whatever the record says.

        A PUT removes what it leaves out, so it may write a class that is not in it.
        """
        if write.way is not Way.REPLACE and first_changed(write, fields.pointers, MISSING) is None:
            return False
        if fields.lost:
            return True
        given = inputs(x, self._own.uid(x), None, None)
        known = foresee(x, fields.slice, given)
        if known is None or not known.allow:
            return True  # whether it is written at all is told by the record
        note(x, fields.slice, given, known)
        return False

    def _judge(
        self,
        x: Exchange,
        write: Write,
        touched: list[Fields],
        before: Any,
        entity: Entity | None,
    ) -> Problem | None:
        uid = self._own.uid(x)
        for fields in touched:
            place = first_changed(write, fields.pointers, before)
            if place is None:
                continue
            decided = judge(x, fields.slice, inputs(x, uid, entity, None))
            if fields.name in self._blind or not decided.allow:
                why = f"class `{fields.name}`: {reason(x)}"
                return FIELD_NOT_PERMITTED(pointer=pointer_text(place), note=why)
        return None

    def _new(self, write: Write) -> Entity | None:
        shape = self._guard.shape
        if shape is None or self._own.named:
            return None
        return record(shape, "", write.body, partial=True)


def _is_blind(guard: Guard, slice_: Slice) -> bool:
    shape = guard.read.shape if guard.read is not None else guard.shape
    if shape is None:
        return reads_record(slice_.footprint)
    return bool(unseen(shape, slice_, new=guard.located is None))


UNREADABLE = FIELD_NOT_PERMITTED(note="a body that is not read could write any field")
