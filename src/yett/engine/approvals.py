"""Approvals as values: a frozen request, what is kept of it, and the questions about the store.

The engine asks, the adapter answers from `state.approvals`, off its loop. An answer of False means
that the store could not be asked, and refuses. See docs/spec/approval.md.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from yett.engine.people import Person

# Longer bodies are refused as not approvable: nobody reads more before saying yes.
MAX_BODY_BYTES = 64 * 1024
MAX_SHOWN_CHARACTERS = 128 * 1024
MAX_LISTED = 100

PENDING, APPROVED, USED = "pending", "approved", "used"
REFUSED, EXPIRED, CANCELLED = "refused", "expired", "cancelled"
OPEN = (PENDING, APPROVED)


class Frozen(Struct, frozen=True):
    """One exact request.

    Args:
        text: its canonical form, without any secret.
        digest: SHA-256 of it, hex.
        shown: its body as approvers see it.
        sealed: SHA-256 of what neither shows because it is secret, hex; empty where nothing is.
            The store keeps it hardened, for as long as the approval is open.
    """

    text: str
    digest: str
    shown: str
    sealed: str = ""


class Vote(Struct, frozen=True, kw_only=True):
    """What one person said; `evidence` that their passkey has signed it, empty where none did."""

    voter: Person
    approve: bool
    time: float
    evidence: str = ""


class Approval(Struct, frozen=True, kw_only=True):
    """A request that was frozen, and how far it is.

    Args:
        id: 128 random bits, hex.
        frozen: the request; `shown` is empty once the approval is no longer open.
        operation: id of its operation.
        requester: who asked.
        needed: how many people must approve.
        created, expires: unix seconds.
        state: `pending`, `approved`, `used`, `refused`, `expired` or `cancelled`.
        recorded: whether it is in the ledger that it was asked for; only then it can be used.
        votes: those that are in the ledger.
        entity: the record it is about as a Cedar entity, as `engine.entity_text` writes it; empty
            once the approval is no longer open.
    """

    id: str
    frozen: Frozen
    operation: str
    requester: Person
    needed: int
    created: float
    expires: float
    state: str
    recorded: bool = False
    votes: tuple[Vote, ...] = ()
    entity: str = ""

    def missing(self) -> int:
        """How many people must still approve."""
        return max(0, self.needed - sum(vote.approve for vote in self.votes))


class AskApproval(Struct, frozen=True, kw_only=True):
    """Freeze a request, or find it frozen. Answer: `Approval`, or why not in words.

    The same request of the same requester while it is open is the same approval.
    """

    frozen: Frozen
    operation: str
    requester: Person
    needed: int
    within: int
    now: float
    entity: str = ""


class ConfirmApproval(Struct, frozen=True):
    """Note that the ledger has it that this was asked for. Answer: whether it is still open."""

    id: str


class UseApproval(Struct, frozen=True, kw_only=True):
    """Use an approval up, once among all workers. Answer: `Approval`, or why not in words.

    It is on disk that it was used before this is answered, so a crash afterwards runs it no second
    time.
    """

    id: str
    digest: str
    sealed: str
    needed: int
    now: float


class FindApprovals(Struct, frozen=True):
    """Find one by its id, or all that are open. Answer: a tuple of `Approval`, newest first."""

    now: float
    id: str = ""


class ProveVote(Struct, frozen=True, kw_only=True):
    """Find out whether a vote is signed as it must be. Answer: `Proven` or `Unproven`.

    Args:
        assertion: what a passkey has signed, as JSON; empty where none did.
        signatures: who must sign, `authz.signatures`.
    """

    id: str
    digest: str
    voter: Person
    approve: bool
    now: float
    assertion: str
    signatures: Literal["own", "all", "none"]


class Proven(Struct, frozen=True, kw_only=True):
    """A vote may be cast.

    Args:
        voter: with all the names that their account here has.
        evidence: that their passkey has signed it; empty where none had to.
    """

    voter: Person
    evidence: str = ""


class Unproven(Struct, frozen=True, kw_only=True):
    """A vote may not be cast: `detail` for the voter, `note` for the record."""

    detail: str
    note: str


class CastVote(Struct, frozen=True, kw_only=True):
    """Put down a vote that does not count yet. Answer: its number, or why not in words."""

    id: str
    digest: str
    voter: Person
    approve: bool
    now: float
    evidence: str = ""


class ConfirmVote(Struct, frozen=True, kw_only=True):
    """Count a vote, now that the ledger has it. Answer: `Approval`, or why not in words."""

    id: str
    number: int
    now: float


# What the file of approvals answers; the signature of a vote is verified against the accounts.
KeptQuestion = AskApproval | ConfirmApproval | UseApproval | FindApprovals | CastVote | ConfirmVote
ApprovalQuestion = KeptQuestion | ProveVote
