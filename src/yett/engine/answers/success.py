"""A 2xx answer: parse once, then records, field classes, what is learned, and what is undeclared.

Each of the three rules has a mode of its own; one that observes changes nothing, and notes what it
would have done. The state of a machine is compared before its field could be hidden.
"""

from __future__ import annotations

from typing import Any

from yett.engine.answers.body import may_be_json, read_answer, write_answer
from yett.engine.answers.checks import Checks
from yett.engine.answers.fields import Shown
from yett.engine.answers.findings import BROKEN, LEAK, finding, named
from yett.engine.answers.listing import Sifted, lower, put, sift
from yett.engine.answers.modes import mind, refusal, strictest
from yett.engine.answers.records import Records
from yett.engine.answers.undeclared import leave_out, speaks_json
from yett.engine.exchange import Exchange
from yett.engine.judging import note
from yett.engine.pointing import MISSING, pointed
from yett.policy.authz.model import Guard, Listing
from yett.policy.authz.names import API
from yett.policy.cedar.model import Entity, Slice, Uid
from yett.policy.model import Fault
from yett.problems import (
    ANSWER_UNCHECKABLE,
    FIELD_NOT_PERMITTED,
    NO_SUCH_RECORD,
    NOT_PERMITTED,
    Problem,
)
from yett.terms import Event, Mode

MAX_TYPE_CHARACTERS = 100

Outcome = tuple[bytes, "Problem | None", tuple[Event, ...]]


class Success:
    """One answer on its way out.

    Args:
        x: the exchange.
        checks: of its operation.
        status: 2xx.
    """

    __slots__ = (
        "_changed",
        "_checks",
        "_decides",
        "_events",
        "_records",
        "_shown",
        "_status",
        "_x",
    )

    def __init__(self, x: Exchange, checks: Checks, status: int) -> None:
        self._x, self._checks, self._status = x, checks, status
        self._events: list[Event] = []
        self._changed = False
        self._decides: Slice | None = None if x.granted else checks.decides
        self._records: Records | None = None
        self._shown: Shown | None = None
        if checks.guard is not None:
            self._records = Records(x, checks)
            look = checks.fields is not Mode.ENFORCE
            if checks.shown:
                # Of a new record only its own answer tells: the body is the client's word.
                before = x.entity if x.record is not None else None
                returns = checks.guard.returns
                self._shown = Shown(self._records, checks.shown, before, look=look, returns=returns)

    def release(self, body: bytes, media_type: str, unreadable: str = "") -> Outcome:
        """Decide; `unreadable` says why nothing can be read, when that is known already."""
        if not body:
            return self._empty()
        json = may_be_json(media_type)
        if not json:
            json = speaks_json(self._checks, self._status, media_type)
            unreadable = unreadable or f"it is {media_type[:MAX_TYPE_CHARACTERS]}"
        value = None if unreadable else read_answer(body)
        if isinstance(value, Fault):
            unreadable = f"it is no JSON with one reading: {value.code}"
            json = bool(media_type) or value.code != "malformed"
        if unreadable:
            return body, self._closed(unreadable, json=json), ()
        problem, value = self._guarded(value)
        if problem is not None:
            return b"", problem, tuple(self._events)
        return self._written(body, value), None, tuple(self._events)

    def _written(self, body: bytes, value: Any) -> bytes:
        """Write what leaves; a rule that observes must not change it, so that looks afterwards."""
        observes = self._checks.undeclared is Mode.OBSERVE
        out = write_answer(value) if observes and self._changed else body
        lost = leave_out(self._x, self._checks, self._status, value)
        if observes or not (lost or self._changed):
            return out
        return write_answer(value)

    def _empty(self) -> Outcome:
        """An answer without a body shows nothing, but that the one record asked for is there."""
        guard = self._checks.guard
        if self._decides is None or guard is None or guard.listing is not None:
            return b"", None, ()
        problem = refusal(self._x, self._checks, "the answer is empty")
        return b"", mind(self._x, self._checks.records, problem), ()

    def _closed(self, why: str, *, json: bool) -> Problem | None:
        """Nothing can be read: refused where any rule would have had to."""
        problem = refusal(self._x, self._checks, f"the answer cannot be read: {why}")
        mode = self._asking()
        if self._checks.declared is not None and json:
            # Other media types have no members; JSON that cannot be read may hide some.
            mode = strictest(mode, self._checks.undeclared)
        return mind(self._x, mode, problem)

    def _asking(self) -> Mode:
        """The strictest mode of the rules that must read a record."""
        records = self._checks.records if self._decides is not None else Mode.OFF
        idle = self._shown is None or self._shown.idle
        return strictest(records, Mode.OFF if idle else self._checks.fields)

    def _guarded(self, value: Any) -> tuple[Problem | None, Any]:
        guard = self._checks.guard
        if guard is None or self._records is None:
            return None, value
        if guard.listing is not None:
            return self._many(self._records, guard, guard.listing, value)
        return self._one(self._records, guard, value), value

    def _one(self, records: Records, guard: Guard, value: Any) -> Problem | None:
        found = pointed(value, guard.pointer) if guard.pointer else value
        absent = found is MISSING or found is None
        uid = records.uid(None if absent else found)
        entity = None if absent else records.entity(uid, found)
        if self._decides is not None:
            problem = self._decide(records, self._decides, uid, entity)
            if problem is not None:
                return problem
        if absent:
            return None
        self._compare(uid, found)
        self._note([uid] if uid.type != API else [])
        self._hide([(found, uid, entity)])
        return None

    def _decide(
        self, records: Records, slice_: Slice, uid: Uid, entity: Entity | None
    ) -> Problem | None:
        mode = self._checks.records
        # A rule that forbids one record by its name must not miss it because it shows none.
        if entity is None or (slice_.footprint.resource_uid and not uid.id):
            why = "the answer does not show what the rules ask for"
            return mind(self._x, mode, refusal(self._x, self._checks, why))
        question = records.question(uid, entity, records.seen(uid))
        decided = records.decide(slice_, question)
        note(self._x, slice_, question, decided)
        if decided.allow:
            return None
        self._leak([uid], "the service gave a record its caller may not see")
        return mind(self._x, mode, NO_SUCH_RECORD(note="denied on the service's answer"))

    def _many(
        self, records: Records, guard: Guard, listing: Listing, value: Any
    ) -> tuple[Problem | None, Any]:
        items = pointed(value, listing.items) if listing.items else value
        if items is None:
            return None, value
        if type(items) is not list:
            why = "there is no array where the records should be"
            return mind(self._x, self._asking(), ANSWER_UNCHECKABLE(note=why)), value
        read = self._shown is not None and not self._shown.idle
        sifted = sift(records, items, guard.pointer, self._decides, read=read)
        problem = self._sifted(sifted, listing)
        if problem is not None:
            return problem, value
        leaving = sifted.kept
        if self._checks.records is not Mode.ENFORCE:
            leaving = leaving + sifted.denied
        elif sifted.denied:
            value = put(value, listing.items, [item for item, _, _ in leaving])
            lower(value, listing.totals, len(sifted.denied))
            self._changed = True
        self._note([uid for _, uid, _ in sifted.kept])
        at = guard.pointer
        self._hide([(pointed(i, at) if at else i, uid, entity) for i, uid, entity in leaving])
        return None, value

    def _sifted(self, sifted: Sifted, listing: Listing) -> Problem | None:
        x, slice_ = self._x, self._decides
        if not sifted.denied or slice_ is None:
            x.policies = tuple(dict.fromkeys((*x.policies, *sifted.policies)))
            return None
        permitted = tuple(dict.fromkeys((*x.policies, *sifted.policies))), x.why
        if sifted.first is not None:
            note(x, slice_, *sifted.first)
        count = len(sifted.denied)
        shown = f"; {sifted.unread} do not show what the rules ask for" if sifted.unread else ""
        uids = [uid for _, uid, _ in sifted.denied]
        self._leak(uids, f"the service gave {count} records beyond its caller's{shown}")
        x.policies, x.why = permitted
        text = f"{count} records of the list are denied"
        if listing.strict:
            kind = ANSWER_UNCHECKABLE if sifted.unread == count else NOT_PERMITTED
            return mind(x, self._checks.records, kind(note=text))
        if self._checks.records is Mode.OBSERVE:
            mind(x, Mode.OBSERVE, NO_SUCH_RECORD(note=text))
        return None

    def _leak(self, uids: list[Uid], text: str) -> None:
        enforced = self._checks.records is Mode.ENFORCE
        event = finding(self._x, LEAK, text, uids, status=self._status, enforced=enforced)
        self._events.append(event)

    def _compare(self, uid: Uid, value: Any) -> None:
        """After a transition the record must be where the machine says; see `x.expected`."""
        x, checks = self._x, self._checks
        if checks.state is None or not x.expected:
            return
        state = pointed(value, checks.state)
        if state is MISSING or state in x.expected:
            return  # an answer that does not show the state breaks nothing
        wanted = " or ".join(f"`{one}`" for one in x.expected)
        text = f"the service broke the machine: the record should be {wanted}"
        event = finding(x, BROKEN, text, [uid], status=self._status, enforced=False)
        self._events.append(event)

    def _note(self, uids: list[Uid]) -> None:
        x = self._x
        known = [uid for uid in uids if uid.id]
        x.resources = tuple(dict.fromkeys((*x.resources, *named(known))))
        if self._checks.learns and self._records is not None:
            self._records.saw(known)

    def _hide(self, records: list[tuple[Any, Uid, Entity | None]]) -> None:
        """Hide the classes of each record that leaves."""
        shown, mode = self._shown, self._checks.fields
        if shown is None or shown.idle:
            return
        for value, uid, entity in records:
            shown.hide(value, uid, entity)
        if not shown.hidden:
            return
        names = ", ".join(sorted(shown.hidden))
        if mode is Mode.OBSERVE:
            self._x.observed += (FIELD_NOT_PERMITTED(note=f"shown all the same: {names}"),)
            return
        self._changed = True
        self._x.why += (f"hidden from the caller: {names}",)
