"""The values of approvals."""

from __future__ import annotations

from kit.frozen import approval_of, vote_of

from yett.engine.approvals import ApprovalQuestion, AskApproval, Frozen
from yett.engine.people import person_of
from yett.terms import ANONYMOUS

ASK = AskApproval(
    frozen=Frozen("{}", "0" * 64, ""),
    operation="api.pay",
    requester=person_of(ANONYMOUS),
    needed=2,
    within=60,
    now=1.0,
)


def test_missing_counts_those_who_said_yes():
    """A no is no approval, and more than enough leaves nothing missing."""
    assert approval_of(ASK).missing() == 2
    assert approval_of(ASK, votes=(vote_of(), vote_of(approve=False))).missing() == 1
    assert approval_of(ASK, votes=(vote_of(),) * 3).missing() == 0


def test_questions_can_be_told_from_others():
    """An adapter finds them by their union."""
    assert isinstance(ASK, ApprovalQuestion)
    assert not isinstance(ASK.frozen, ApprovalQuestion)
