"""Who may approve: a Cedar rule for the action `OPERATION:approve`, or without Cedar a scope.

Fails closed: no rule, no scope, a record that the rule cannot read deny. Whether the caller is the
requester is another question (`engine.people`).
"""

from __future__ import annotations

from yett.engine.approvals import Approval
from yett.engine.entities import inputs
from yett.engine.entity_text import read_entity_text
from yett.engine.exchange import Exchange
from yett.engine.judging import weigh
from yett.engine.people import PEOPLE
from yett.engine.steps.scopes import granted
from yett.policy.approvable import Approvable
from yett.policy.authz.model import Authz, Guard, Place
from yett.policy.authz.placement import unseen
from yett.policy.cedar.model import Slice


def may_approve(x: Exchange, approval: Approval) -> bool:
    """Whether the caller may approve this request.

    Args:
        x: the caller's exchange with one of the gate's own operations.
        approval: asked for under the contract of `x`.
    """
    plan = x.program.plans.get(approval.operation)
    if plan is None or plan.operation.approvable is None or not x.principal.id:
        return False
    how, policy = plan.operation.approvable, x.program.policy
    if policy.authz is not None:
        slice_ = policy.authz.slices.get(how.action)
        if slice_ is None or not _is_shown(plan.operation.guard, slice_):
            return False
        return _permitted(x, policy.authz, how, slice_, approval)
    if x.principal.kind not in PEOPLE:
        return False  # a service account is nobody's second pair of eyes
    roles = {role: frozenset(scopes) for role, scopes in policy.config.vocabulary.roles.items()}
    return how.scope in granted(x.principal, roles)


def _is_shown(guard: Guard | None, slice_: Slice) -> bool:
    """Whether what was kept with the request shows all that the approvers' rules read of it."""
    shape = None
    if guard is not None and guard.place is Place.READ and guard.read is not None:
        shape = guard.read.shape
    elif guard is not None and guard.place is Place.BODY:
        shape = guard.shape
    return not unseen(shape, slice_, new=guard is not None and guard.place is Place.BODY)


def _permitted(
    x: Exchange, authz: Authz, how: Approvable, slice_: Slice, approval: Approval
) -> bool:
    entity = read_entity_text(approval.entity, authz.schema)
    if entity is None or entity.uid.type != how.type:
        return False
    return weigh(x, slice_, inputs(x, entity.uid, entity, None)).allow
