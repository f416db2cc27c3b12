"""Votes on an approval: put down first, counted once the ledger has them, one for each person.

Called inside a transaction of the file of approvals. Reasons are for the record and for voters.
"""

from __future__ import annotations

import sqlite3

from yett.engine.approvals import APPROVED, REFUSED, Approval, CastVote, ConfirmVote
from yett.engine.people import Person, same
from yett.state.approval_rows import (
    DAMAGED,
    OTHER,
    end,
    read_one,
    read_open,
    read_person,
    write_person,
)

# A vote that is not in the ledger after this long never will be: its worker died.
VOTE_SECONDS = 60.0


def cast(store: sqlite3.Connection, question: CastVote) -> int | str:
    """Put a vote down; answers its number, or why not."""
    found = read_open(store, question.id, question.now)
    if isinstance(found, str):
        return found
    if found.frozen.digest != question.digest:
        return OTHER
    if found.state == APPROVED and question.approve:
        return "the approval is given already"
    reason = _may_vote(store, found, question.voter, question.now)
    if reason:
        return reason
    number = store.execute(
        "INSERT INTO votes (approval, voter, approve, time, evidence) VALUES (?, ?, ?, ?, ?)"
        " RETURNING number",
        (
            question.id,
            write_person(question.voter),
            question.approve,
            question.now,
            question.evidence,
        ),
    ).fetchone()[0]
    return int(number)


def _may_vote(store: sqlite3.Connection, approval: Approval, voter: Person, now: float) -> str:
    """Say why a person may not vote (once more): each has one vote, whatever they show."""
    if same(approval.requester, voter):
        return "nobody approves what they asked for themselves"
    rows = store.execute(
        "SELECT number, voter, time, recorded FROM votes WHERE approval = ?", (approval.id,)
    ).fetchall()
    for row in rows:
        if not row["recorded"] and row["time"] <= now - VOTE_SECONDS:
            store.execute("DELETE FROM votes WHERE number = ?", (row["number"],))
        elif same(read_person(row["voter"]), voter):
            return "each person has one vote"
    return ""


def count(store: sqlite3.Connection, question: ConfirmVote) -> Approval | str:
    """Count a vote that was put down; a refusal ends the approval, enough others give it."""
    found = read_open(store, question.id, question.now)
    if isinstance(found, str):
        return found
    vote = store.execute(
        "UPDATE votes SET recorded = 1 WHERE number = ? AND approval = ? AND recorded = 0"
        " RETURNING approve",
        (question.number, question.id),
    ).fetchone()
    if vote is None:
        return "the vote is gone"
    counted = read_one(store, question.id, question.now)
    if counted is None:
        return DAMAGED
    if not vote["approve"]:
        end(store, question.id, REFUSED, question.now)
    elif approvers(counted) >= counted.needed:
        store.execute("UPDATE approvals SET state = ? WHERE id = ?", (APPROVED, question.id))
    return read_one(store, question.id, question.now) or DAMAGED


def approvers(approval: Approval) -> int:
    """Count people, not rows: two that may be one person are one, the requester is none."""
    people: list[Person] = [approval.requester]
    for vote in approval.votes:
        if not vote.approve:
            return 0
        if not any(same(vote.voter, one) for one in people):
            people.append(vote.voter)
    return len(people) - 1
