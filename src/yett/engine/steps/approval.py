"""Step 12, approvals: other people approve exactly this request; then it runs, once.

Without `Yett-Approval` the request is frozen and waits; with it, it must be what was approved, byte
for byte, and the approval is used up before anything is sent on. What cannot be frozen (a body that
no rule reads, a tunnel) cannot be approved, and is refused. See docs/spec/approval.md.
"""

from __future__ import annotations

import re
from math import ceil

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
from yett.engine.freeze import freeze
from yett.engine.people import person_of
from yett.engine.questions import MakeDurable
from yett.engine.record import happening
from yett.engine.step import Asking, Step, asking
from yett.policy.approvable import Approvable
from yett.policy.approvals import APPROVAL_FIELD, APPROVALS_PATH
from yett.policy.browser import Browser
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
    del policy, browser
    demand, how = operation.demand, operation.approvable
    if demand is None or not demand.approvals:
        return None
    if operation.modes["sensitive"] is Mode.OBSERVE:
        # Nothing is frozen or used up by a rule that only observes.
        return lambda _x: APPROVAL_NEEDED(note=f"{demand.approvals} would have to approve")
    if how is None or operation.websocket:
        return lambda _x: UNFREEZABLE
    return asking(lambda x: _approve(x, demand, how))


def _approve(x: Exchange, demand: Sensitive, how: Approvable) -> Asking:
    """Freeze the request; then ask for approvals, or use one."""
    if not x.principal.id:
        return CREDENTIAL_MISSING(headers=((b"www-authenticate", b"Bearer"),))
    if x.approval:
        return None  # used up by this very exchange, whose record had changed meanwhile
    if not how.reads and x.request.length != 0:
        return UNFREEZABLE
    if x.body is not None and len(x.body) > MAX_BODY_BYTES:
        return TOO_LONG
    frozen = freeze(x, how)
    if len(frozen.shown) > MAX_SHOWN_CHARACTERS:
        return TOO_LONG
    named = x.request.headers.get(APPROVAL_FIELD)
    if named is None:
        return (yield from _ask(x, frozen, demand))
    return (yield from _use(x, frozen, named, demand))


def _ask(x: Exchange, frozen: Frozen, demand: Sensitive) -> Asking:
    """Put the request down, and on record before anybody is told of it."""
    assert x.plan is not None
    question = AskApproval(
        frozen=frozen,
        operation=x.plan.operation.id,
        requester=person_of(x.principal),
        needed=demand.approvals,
        within=demand.within,
        now=x.now,
        entity=write_entity_text(x.entity),
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
