"""Field classes of an answer: which of them each record may show to its caller.

The rules of a class that ask nothing of the record are asked once for the whole answer. A record
that does not show what its rules ask for keeps its class to itself: hidden, never guessed.
"""

from __future__ import annotations

from typing import Any

from yett.engine.answers.hiding import LOOK, hide
from yett.engine.answers.records import Records
from yett.policy.authz.model import Fields
from yett.policy.cedar.model import Entity, Footprint, Slice, Uid


class Shown:
    """Decides on the classes of one answer.

    Args:
        records: judges.
        shown: the classes of the operation.
        before: the record as it was read before a write, for answers that do not show it.
        returns: the answer is the record; one of another name is not decided on by `before`.
        look: change nothing, only find out what would be hidden.

    Attributes:
        hidden: names of the classes that were hidden somewhere.
    """

    __slots__ = ("_before", "_each", "_look", "_records", "_returns", "denied", "hidden")

    def __init__(
        self,
        records: Records,
        shown: tuple[Fields, ...],
        before: Entity | None,
        *,
        look: bool = False,
        returns: bool = False,
    ) -> None:
        self._records = records
        self._before = before
        self._returns = returns
        self._look = look
        self._each: list[Fields] = []
        self.denied: list[Fields] = []
        self.hidden: set[str] = set()
        for fields in shown:
            if fields.lost:
                self.denied.append(fields)
            elif asks_record(fields.slice.footprint):
                self._each.append(fields)
            elif not self._allows(fields.slice, records.uid(None), None):
                self.denied.append(fields)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to ask of any record, and nothing to hide."""
        return not (self._each or self.denied)

    def hide(self, value: Any, uid: Uid, entity: Entity | None) -> bool:
        """Hide what the caller may not see of one record, in place; whether there was any."""
        changed = False
        before = self._before
        if before is not None and self._returns and uid != before.uid:
            before = None  # the service answers with another record than the one that was read
        for fields in self.denied:
            changed = self._hide(value, fields) or changed
        for fields in self._each:
            # What a write answers may show less than what was read before it.
            known = before or (None if fields.blind else entity)
            nameless = fields.slice.footprint.resource_uid and not uid.id
            if known is None or nameless or not self._allows(fields.slice, uid, known):
                changed = self._hide(value, fields) or changed
        return changed

    def _hide(self, value: Any, fields: Fields) -> bool:
        changed = hide(value, fields.pointers, LOOK if self._look else fields.hidden)
        if changed:
            self.hidden.add(fields.name)
        return changed

    def _allows(self, slice_: Slice, uid: Uid, entity: Entity | None) -> bool:
        return self._records.decide(slice_, self._records.question(uid, entity)).allow


def asks_record(footprint: Footprint) -> bool:
    """Whether rules ask anything of the record itself."""
    return bool(footprint.resource_uid or footprint.resource or "resource" in footprint.whole)
