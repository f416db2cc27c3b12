"""Step 12, approvals: other people approve exactly this request; then it runs, once.

Without `Yett-Approval` the request is frozen and waits; with it, it must be what was approved, byte
for byte, and the approval is used up before anything is sent on. What cannot be frozen (a body that
no rule reads, a tunnel) cannot be approved, and is refused. See docs/spec/approval.md.
"""

from __future__ import annotations

import re
from math import ceil

from yett.contract.builtin import approval_page
from yett.contract.model import Sensitive
from yett.engine.approvals import (
    MAX_BODY_BYTES,
    MAX_SHOWN_CHARACTERS,
    Approval,
    AskApproval,
    ConfirmApproval,
    Frozen,
    UseApproval,
)
from yett.engine.entity_text import write_entity_text
from yett.engine.exchange import Exchange
from yett.engine.located import make_finder
from yett.engine.own_record import OwnRecord
from yett.engine.people import person_of
from yett.engine.questions import MakeDurable
from yett.engine.record import happening
from yett.engine.step import Asking, Step, asking
from yett.engine.steps.freeze import freeze
from yett.policy.approvable import Approvable
from yett.policy.approvals import APPROVAL_FIELD, APPROVALS_PATH
from yett.policy.authz.model import Place
from yett.policy.authz.names import API
from yett.policy.authz.placement import reads_record
from yett.policy.browser import Browser
from yett.policy.cedar.model import Uid
from yett.policy.model import OperationPolicy, Policy
from yett.problems import (
    APPROVAL_INVALID,
    APPROVAL_NEEDED,
    CREDENTIAL_MISSING,
    NOT_RECORDED,
    Problem,
)
from yett.terms import Mode

_ID = re.compile(rb"[0-9a-f]{32}")


def make_approval(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Ask for approvals where the operation demands them."""
    del browser
    demand, how = operation.demand, operation.approvable
    if demand is None or not demand.approvals:
        return None
    if operation.modes["sensitive"] is Mode.OBSERVE:
        # Nothing is frozen or used up by a rule that only observes.
        return lambda _x: APPROVAL_NEEDED(note=f"{demand.approvals} would have to approve")
    if how is None or operation.websocket:
        return lambda _x: UNFREEZABLE
    return asking(Approving(demand, how, operation, policy).run)


class Approving:
    """Freezes the requests of one operation; asks for approvals, or uses one."""

    __slots__ = ("_demand", "_find", "_how", "_own")

    def __init__(
        self, demand: Sensitive, how: Approvable, operation: OperationPolicy, policy: Policy
    ) -> None:
        self._demand, self._how = demand, how
        self._find = make_finder(how.located, operation)
        self._own = _record_for_approvers(how, operation, policy)

    def run(self, x: Exchange) -> Asking:
        """Freeze the request; then ask for approvals, or use one."""
        how = self._how
        if not x.principal.id:
            return CREDENTIAL_MISSING(headers=((b"www-authenticate", b"Bearer"),))
        if x.approval:
            return None  # used up by this very exchange, whose record had changed meanwhile
        if not how.reads and x.request.length != 0:
            return UNFREEZABLE
        if x.body is not None and len(x.body) > MAX_BODY_BYTES:
            return TOO_LONG
        uid = self._name(x)
        frozen = freeze(x, how, str(uid) if uid.id and uid.type != API else "")
        if len(frozen.shown) > MAX_SHOWN_CHARACTERS:
            return TOO_LONG
        named = x.request.headers.get(APPROVAL_FIELD)
        if named is not None:
            return (yield from _use(x, frozen, named, self._demand))
        if self._own is not None:
            problem = yield from self._own.hold(x)
            if problem is not None:
                return problem
        return (yield from _ask(x, frozen, self._demand, write_entity_text(x.entity, uid)))

    def _name(self, x: Exchange) -> Uid:
        """Return the name of the record, with an empty id for lists and new records."""
        assert x.plan is not None
        if self._how.type == API:
            return Uid(API, x.plan.operation.api)
        return Uid(self._how.type, self._find(x) or "")


def _record_for_approvers(
    how: Approvable, operation: OperationPolicy, policy: Policy
) -> OwnRecord | None:
    """Return what reads the record, where the rules of approvers look into it."""
    slice_ = policy.authz.slices.get(how.action) if policy.authz is not None else None
    guard = operation.guard
    if slice_ is None or guard is None or guard.place is not Place.READ:
        return None
    return OwnRecord(guard, operation, policy) if reads_record(slice_.footprint) else None


def _ask(x: Exchange, frozen: Frozen, demand: Sensitive, entity: str) -> Asking:
    """Put the request down, and on record before anybody is told of it."""
    assert x.plan is not None
    question = AskApproval(
        frozen=frozen,
        operation=x.plan.operation.id,
        requester=person_of(x.principal),
        needed=demand.approvals,
        within=demand.within,
        now=x.now,
        entity=entity,
    )
    asked = yield question
    if isinstance(asked, str):
        return APPROVAL_NEEDED(asked, note=asked)
    if not isinstance(asked, Approval):
        return UNKEPT
    if not asked.recorded:
        if not (yield MakeDurable(happening(x, "approval-requested", noted(asked)))):
            return UNRECORDED
        if not (yield ConfirmApproval(asked.id)):
            return UNKEPT
    return _needed(x, asked)


def _use(x: Exchange, frozen: Frozen, named: bytes, demand: Sensitive) -> Asking:
    """Use an approval up: first in the store, where one caller wins, then on record."""
    if _ID.fullmatch(named) is None:
        return APPROVAL_INVALID(note="`Yett-Approval` is no id")
    question = UseApproval(
        id=named.decode("ascii"),
        digest=frozen.digest,
        sealed=frozen.sealed,
        needed=demand.approvals,
        now=x.now,
    )
    used = yield question
    if isinstance(used, str):
        return APPROVAL_INVALID(note=used)
    if not isinstance(used, Approval):
        return UNKEPT
    x.approval = used.id
    if not (yield MakeDurable(happening(x, "approval-used", noted(used)))):
        return USED_IN_VAIN
    return None


def noted(approval: Approval) -> str:
    """Write what the record says about an approval: which one, and exactly which request."""
    return f"approval {approval.id} of sha256:{approval.frozen.digest}"


def _needed(x: Exchange, approval: Approval) -> Problem:
    missing = approval.missing()
    builtin = x.program.policy.config.identity.builtin
    page = approval_page(builtin, approval.id) if builtin is not None else ""
    detail = "" if missing else "it is approved: send it again with `Yett-Approval`"
    return APPROVAL_NEEDED(
        detail,
        note=noted(approval),
        members=(
            ("approval", approval.id),
            ("digest", approval.frozen.digest),
            ("needed", missing),
            ("expires_in", max(0, ceil(approval.expires - x.now))),
            ("approve", f"{APPROVALS_PATH}/{approval.id}"),
            *((("page", page),) if page else ()),
        ),
    )


_LATER = ((b"retry-after", b"5"),)
UNFREEZABLE = APPROVAL_NEEDED(
    "a body that is passed through unread cannot be approved", note="not approvable"
)
TOO_LONG = APPROVAL_NEEDED(
    f"a body of more than {MAX_BODY_BYTES} bytes cannot be approved", note="not approvable"
)
UNKEPT = NOT_RECORDED("approvals cannot be kept at the moment", headers=_LATER)
UNRECORDED = NOT_RECORDED(headers=_LATER)
USED_IN_VAIN = NOT_RECORDED(
    "the use of the approval cannot be recorded; nothing was sent on, ask for another approval"
)
