"""Approvals: requests that wait for other people, and what those said; shared by all workers.

Every question is one transaction, so of twenty workers that use one approval a single one wins, and
two votes at once are counted one after the other. It decides nothing about permissions; whether two
callers are one person is `engine.people`. Reasons are for the record and for voters. See
docs/spec/approval.md.
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import Any, assert_never

from yett.engine.approvals import (
    APPROVED,
    CANCELLED,
    EXPIRED,
    PENDING,
    USED,
    Approval,
    AskApproval,
    CastVote,
    ConfirmApproval,
    ConfirmVote,
    FindApprovals,
    KeptQuestion,
    UseApproval,
)
from yett.state.approval_file import opened, prepare
from yett.state.approval_rows import (
    DAMAGED,
    OTHER,
    end,
    read_approval,
    read_open,
    write_person,
)
from yett.state.seals import fits, seal
from yett.state.votes import approvers, cast, count

MAX_OPEN = 1_000
MAX_OPEN_PER_REQUESTER = 20
# Each costs a comparison with its seal, while all others wait for the store.
MAX_ALIKE = 3
# How long it is known what became of an approval, for who asks; without its body.
KEEP_SECONDS = 86_400.0
CLAIM_SECONDS = 60.0


class Approvals:
    """The store; every method blocks for its transaction, so call it in a thread.

    Args:
        path: the file.

    Raises:
        StateError, sqlite3.Error: from every method, when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the file, or see that it is usable.

        Raises:
            StateError: it is not.
        """
        prepare(self.path)

    def answer(self, question: KeptQuestion) -> Any:
        """Answer a question of the engine; see each for what."""
        if not self.path.exists():
            prepare(self.path)  # taken away: what was open is lost, and nothing can be used twice
        with opened(self.path) as store:
            match question:
                case AskApproval():
                    return _ask(store, question)
                case ConfirmApproval():
                    return _confirm(store, question.id)
                case UseApproval():
                    return _use(store, question)
                case FindApprovals():
                    return _find(store, question)
                case CastVote():
                    return cast(store, question)
                case ConfirmVote():
                    return count(store, question)
            assert_never(question)

    def cancel(self, identifier: str, now: float) -> str:
        """End an approval on the operator's word; answers why not, or nothing."""
        with opened(self.path) as store:
            found = read_open(store, identifier, now)
            if isinstance(found, str):
                return found
            end(store, identifier, CANCELLED, now)
            return ""

    def claim_ended(self, now: float) -> tuple[Approval, ...]:
        """Take over, alone among the workers, to record what ended without anybody's request."""
        with opened(self.path) as store:
            for row in _overdue(store, now):
                end(store, row["id"], EXPIRED, now)
            store.execute(
                "DELETE FROM approvals WHERE told = 1 AND finished BETWEEN 1 AND ?",
                (now - KEEP_SECONDS,),
            )
            rows = store.execute(
                "UPDATE approvals SET claimed = ? WHERE state IN ('expired', 'cancelled')"
                " AND told = 0 AND claimed <= ? RETURNING *",
                (now, now - CLAIM_SECONDS),
            ).fetchall()
            found = (read_approval(store, row, now) for row in rows)
            return tuple(one for one in found if one is not None)

    def note_told(self, identifier: str) -> None:
        """Note that the end of an approval is in the ledger."""
        with opened(self.path) as store:
            store.execute("UPDATE approvals SET told = 1 WHERE id = ?", (identifier,))


def _ask(store: sqlite3.Connection, question: AskApproval) -> Approval | str:
    now = question.now
    for row in _overdue(store, now):
        end(store, row["id"], EXPIRED, now)
    rows = store.execute(
        "SELECT * FROM open_approvals WHERE digest = ?", (question.frozen.digest,)
    ).fetchall()
    for row in rows:
        found = read_approval(store, row, now)
        if found is None:
            end(store, row["id"], CANCELLED, now)
        elif fits(row, question.frozen.sealed):
            return found
    if len(rows) >= MAX_ALIKE:
        return f"{MAX_ALIKE} requests that differ in secrets alone wait for approval already"
    subject = f"{question.requester.issuer} {question.requester.id}"
    mine, all_ = store.execute(
        "SELECT coalesce(sum(subject = ?), 0), count(*) FROM open_approvals", (subject,)
    ).fetchone()
    if mine >= MAX_OPEN_PER_REQUESTER:
        return f"{MAX_OPEN_PER_REQUESTER} requests of yours wait for approval already"
    if all_ >= MAX_OPEN:
        return "too many requests wait for approval"
    return _insert(store, question, subject)


def _insert(store: sqlite3.Connection, question: AskApproval, subject: str) -> Approval | str:
    frozen, salt = question.frozen, secrets.token_bytes(16)
    row = store.execute(
        "INSERT INTO approvals (id, digest, text, shown, operation, subject, requester, needed,"
        " created, expires, state, entity, salt, seal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            secrets.token_hex(16),
            frozen.digest,
            frozen.text,
            frozen.shown,
            question.operation,
            subject,
            write_person(question.requester),
            question.needed,
            question.now,
            question.now + question.within,
            PENDING,
            question.entity,
            salt,
            seal(frozen.sealed, salt),
        ),
    ).fetchone()
    return read_approval(store, row, question.now) or DAMAGED


def _confirm(store: sqlite3.Connection, identifier: str) -> bool:
    done = store.execute(
        "UPDATE approvals SET recorded = 1"
        " WHERE id IN (SELECT id FROM open_approvals WHERE id = ?)",
        (identifier,),
    )
    return done.rowcount == 1


def _use(store: sqlite3.Connection, question: UseApproval) -> Approval | str:
    found = read_open(store, question.id, question.now)
    if isinstance(found, str):
        return found
    row = store.execute("SELECT salt, seal FROM approvals WHERE id = ?", (found.id,)).fetchone()
    if found.frozen.digest != question.digest or not fits(row, question.sealed):
        return OTHER
    if found.state != APPROVED or approvers(found) < max(question.needed, 1):
        return "the approval is not given yet"
    end(store, question.id, USED, question.now)
    return found


def _find(store: sqlite3.Connection, question: FindApprovals) -> tuple[Approval, ...]:
    if question.id:
        rows = store.execute("SELECT * FROM approvals WHERE id = ?", (question.id,)).fetchall()
    else:
        rows = store.execute(
            "SELECT * FROM open_approvals WHERE expires > ? ORDER BY created DESC, id LIMIT ?",
            (question.now, MAX_OPEN),
        ).fetchall()
    found = (read_approval(store, row, question.now) for row in rows)
    return tuple(one for one in found if one is not None and one.recorded)


def _overdue(store: sqlite3.Connection, now: float) -> list[sqlite3.Row]:
    return store.execute("SELECT id FROM open_approvals WHERE expires <= ?", (now,)).fetchall()
