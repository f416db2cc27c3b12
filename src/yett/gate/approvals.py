"""Answers the engine's questions about approvals off the loop, and records what ended by itself.

One transaction of the store in a thread for each question. What expired or was cancelled on the
host is recorded by whichever worker claims it; a claim whose worker dies is taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from yett.engine.approvals import (
    CANCELLED,
    Approval,
    ApprovalQuestion,
    Proven,
    ProveVote,
    Unproven,
)
from yett.engine.program import Program
from yett.engine.steps.approval import noted
from yett.state.approvals import Approvals
from yett.terms import Event

Prove = Callable[[ProveVote], Proven | Unproven]
MakeDurable = Callable[[Event], Awaitable[bool]]


class ApprovalDesk:
    """The store as the gate asks it.

    Args:
        store: where approvals are kept.
        accounts: verifies the signature of a vote against the accounts; None where there are none.
    """

    def __init__(self, store: Approvals, accounts: Prove | None = None) -> None:
        self.store = store
        self.accounts = accounts

    async def __call__(self, question: ApprovalQuestion) -> Any:
        """Answer a question of the engine."""
        return await asyncio.to_thread(self.answer, question)

    def answer(self, question: ApprovalQuestion) -> Any:
        """Do the same where waiting is no harm."""
        if not isinstance(question, ProveVote):
            return self.store.answer(question)
        return False if self.accounts is None else self.accounts(question)

    async def record_ended(self, durable: MakeDurable, now: float) -> int:
        """Record what expired or was cancelled; answers how many are in the ledger now."""
        done = 0
        for approval in await asyncio.to_thread(self.store.claim_ended, now):
            if await durable(ended(approval, now)):
                await asyncio.to_thread(self.store.note_told, approval.id)
                done += 1
        return done


def find_desk(program: Program, folder: Path) -> ApprovalDesk | None:
    """Find the file that a contract keeps its approvals in; None where it asks for none."""
    if not any(operation.own for operation in program.policy.operations):
        return None
    config = program.policy.config
    store = Approvals(folder / config.authz.approvals)
    builtin = config.identity.builtin
    if builtin is None:
        return ApprovalDesk(store)

    def prove(question: ProveVote) -> Proven | Unproven:
        from yett.state.signatures import Signatures  # noqa: PLC0415 — 0.4 s that only a vote pays

        return Signatures(config.store.accounts, folder, builtin.url).prove(question)

    return ApprovalDesk(store, prove)


def open_desk(program: Program, folder: Path) -> ApprovalDesk | None:
    """Find the file, and make it ready.

    Raises:
        StateError: it cannot be made or used.
    """
    desk = find_desk(program, folder)
    if desk is not None:
        desk.store.prepare()
    return desk


def ended(approval: Approval, now: float) -> Event:
    """Build the record of an approval that ended without a request."""
    cancelled = approval.state == CANCELLED
    who, note = approval.requester, noted(approval)
    return Event(
        time=now,
        request="",
        kind="approval-refused" if cancelled else "approval-expired",
        operation=approval.operation,
        api=approval.operation.partition(".")[0],
        principal="" if cancelled else who.id,
        principal_kind="" if cancelled else who.kind,
        issuer="" if cancelled else who.issuer,
        note=f"{note}, cancelled on the host" if cancelled else note,
    )
