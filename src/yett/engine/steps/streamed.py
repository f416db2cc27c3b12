"""Step 11, streams: what goes on unread leaves only to who may see each of its field classes.

Of a stream of events, a download or a WebSocket nothing can be left out. So a class that is not
surely the caller's, by what is known before the answer, keeps the whole of it. OWASP API3:2023.
"""

from __future__ import annotations

from yett.engine.denial import reason
from yett.engine.entities import inputs
from yett.engine.exchange import Exchange
from yett.engine.judging import foresee, note, weigh
from yett.engine.own_record import OwnRecord
from yett.engine.step import Outcome, Step
from yett.policy.authz.model import Fields, Guard
from yett.policy.authz.names import API
from yett.policy.browser import Browser
from yett.policy.cedar.model import Uid
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NOT_PERMITTED

HIDES_NOTHING = "nothing can be left out of what is passed through"


def make_streamed(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Guard the field classes of an answer that nobody reads."""
    del browser
    guard = operation.guard
    if guard is None or not guard.shown:
        return None
    if not (operation.stream_response or operation.websocket):
        return None
    return Streamed(guard, operation, policy)


class Streamed:
    """The field classes of one stream."""

    __slots__ = ("_api", "_own", "_shown")

    def __init__(self, guard: Guard, operation: OperationPolicy, policy: Policy) -> None:
        self._shown = guard.shown
        self._own = OwnRecord(guard, operation, policy)
        self._api = Uid(API, operation.api) if guard.type == API else None

    def __call__(self, x: Exchange) -> Outcome:
        """Refuse where a class is not surely the caller's."""
        uid = self._api or self._own.uid(x)
        for fields in self._shown:
            if not self._allows(x, fields, uid):
                why = f"class `{fields.name}`: {HIDES_NOTHING}; {reason(x)}"
                return NOT_PERMITTED(note=why)
        return None

    def _allows(self, x: Exchange, fields: Fields, uid: Uid) -> bool:
        if fields.lost or (fields.slice.footprint.resource_uid and not uid.id):
            return False
        given = inputs(x, uid, x.entity, None)
        known = foresee(x, fields.slice, given)
        if known is None and x.entity is not None and not fields.blind:
            known = weigh(x, fields.slice, given)
        if known is not None:
            note(x, fields.slice, given, known)
        return known is not None and known.allow
