"""The record an operation is about: its name, its lock, and the one read of it before a write.

Shared by the steps of number 11, so that a record is locked and read at most once in a run,
whichever of them needs it first. In mode `observe` nothing is locked and no condition is added.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

from yett.engine.exchange import Exchange
from yett.engine.located import make_finder
from yett.engine.questions import LockRecord, Question
from yett.engine.reading import Reader
from yett.engine.step import Asking
from yett.policy.authz.model import Guard, Place
from yett.policy.browser import SAFE_METHODS
from yett.policy.cedar.model import Entity, Uid
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NOT_PERMITTED, RECORD_BUSY, Problem
from yett.terms import Mode

MAX_RESOURCES = 32
RETRY_SECONDS = 1
# RFC 9110 s8.8.3, strong; what else stands in it would end the line it is written to (CWE-113).
_STRONG_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]{0,256}"')
_ANY = b"*"
_FIXDATE = "%a, %d %b %Y %H:%M:%S GMT"  # RFC 9110 s5.6.7


class OwnRecord:
    """The record of one operation.

    Attributes:
        locks: whether a write of this operation must wait for others of the same record.
        named: whether its id is in the request.
        readable: whether it can be read before it is written.
    """

    __slots__ = ("_conditions", "_find", "_reader", "_type", "locks", "named", "readable")

    def __init__(self, guard: Guard, operation: OperationPolicy, policy: Policy) -> None:
        self._type = guard.type
        self._find = make_finder(guard.located, operation)
        writes = operation.method not in SAFE_METHODS
        self._conditions = writes and operation.modes["records"] is Mode.ENFORCE
        self.locks = self._conditions and _has_readers(guard, policy)
        self._reader = Reader(guard.read, operation, policy) if guard.read is not None else None
        self.named = guard.located is not None
        self.readable = self._reader is not None and self.named

    def uid(self, x: Exchange) -> Uid:
        """Return its name; with an empty id for lists, new records and ids that are none."""
        return Uid(self._type, self._find(x) or "")

    def lock(self, x: Exchange, uid: Uid) -> Asking:
        """Wait for other writers of the record, once."""
        key = str(uid)
        if not self.locks or x.locked == key:
            return None
        held = yield LockRecord(key)
        if held is not True:
            return RECORD_BUSY(headers=((b"retry-after", b"%d" % RETRY_SECONDS),))
        x.locked = key
        return None

    def seize(self, x: Exchange, uid: Uid) -> Generator[Question, Any, bool]:
        """Take the lock if nobody has it, without waiting; False when somebody does."""
        key = str(uid)
        if not self.locks or x.locked == key:
            return True
        if (yield LockRecord(key, wait=False)) is not True:
            return False
        x.locked = key
        return True

    def peek(self, x: Exchange) -> Generator[Question, Any, Entity | Problem]:
        """Read the record without its lock, to tell who has no business to wait for it."""
        if self._reader is None:
            return UNREAD
        found = yield from self._reader.fetch(x, self.uid(x).id)
        return found if isinstance(found, Problem) else found.entity

    def hold(self, x: Exchange) -> Asking:
        """Lock and read the record, once; afterwards `x.record` and `x.entity` are there."""
        if x.entity is not None:
            return None
        if self._reader is None:
            return UNREAD
        uid = self.uid(x)
        problem = yield from self.lock(x, uid)
        if problem is not None:
            return problem
        found = yield from self._reader.fetch(x, uid.id)
        if isinstance(found, Problem):
            return found
        x.record, x.entity = found.value, found.entity
        if self._conditions and found.target == x.request.path:
            x.extra = _condition(x, found.etag)
        return None


UNREAD = NOT_PERMITTED(note="nothing reads the record that the rules ask for")


def note_resource(x: Exchange, uid: Uid) -> None:
    """Name a record in the record of the request; bounded."""
    name = str(uid)
    if name not in x.resources and len(x.resources) < MAX_RESOURCES:
        x.resources += (name,)


def seen_before(x: Exchange, who: Entity, uid: Uid) -> bool:
    """Whether this principal was shown this record in an answer."""
    return x.view.seen(str(who.uid), str(uid), x.now)


def _condition(x: Exchange, etag: bytes) -> bytes:
    """Make the write conditional on the record that was decided on (RFC 9110 s13.1.1).

    Only for a write to the very target that was read: the condition is evaluated on the target of
    the request, and `/bookings/3/cancel` has another representation, or none. A condition of the
    client's own stays where it is as strict: `If-Match: *`, a list with the tag, or a date to come
    would be a way to have the record changed between the read and the write (CWE-367).
    """
    if not _STRONG_TAG.fullmatch(etag):
        return b""
    headers = x.request.headers
    wanted, date = headers.get(b"if-match"), headers.get(b"if-unmodified-since")
    if wanted is not None:
        tags = [tag.strip(b" \t") for tag in wanted.split(b",")]
        kept = _ANY not in tags and etag not in tags
    else:
        kept = date is not None and _is_past(date, x.now)
    return b"" if kept else b"if-match: %b\r\n" % etag


def _is_past(date: bytes, now: float) -> bool:
    """Whether what changes from now on is later than a date; with an `If-Match` none counts.

    RFC 9110 s13.1.4; dates are whole seconds, and those of other forms are taken for none.
    """
    try:
        found = datetime.strptime(date.decode("latin-1"), _FIXDATE).replace(tzinfo=UTC)
    except ValueError:
        return False
    return found.timestamp() < now - 1


def _has_readers(guard: Guard, policy: Policy) -> bool:
    """Whether some operation decides on such records by reading them first.

    Then every write of one waits its turn, also a write that is decided without the record: it
    could change the state between another's read and write (CWE-367).
    """
    if guard.located is None or policy.authz is None:
        return False
    guards = policy.authz.guards.values()
    return any(one.type == guard.type and one.place is Place.READ for one in guards)
