"""Rows of the file of approvals as values, and back; a row that was tampered with is no value.

The digest covers the frozen request, and by it the body that approvers were shown, so neither can
be exchanged for another; what the columns repeat of it must agree.
"""

from __future__ import annotations

import json
import sqlite3

import msgspec

from yett.engine.approvals import (
    CANCELLED,
    EXPIRED,
    OPEN,
    REFUSED,
    USED,
    Approval,
    Frozen,
    Vote,
)
from yett.engine.people import Person
from yett.engine.steps.freeze import sha256

MAX_VOTES = 100

NONE = "there is no such approval"
DAMAGED = "the approval is not what was written"
OTHER = "the approval is for another request"
_WHY_ENDED = {
    USED: "the approval was used before",
    REFUSED: "the approval was refused",
    EXPIRED: "the approval has expired",
    CANCELLED: "the approval was cancelled",
}


def read_approval(store: sqlite3.Connection, row: sqlite3.Row, now: float) -> Approval | None:
    """Read a row with the votes that count; None when it is not what was written."""
    try:
        requester = msgspec.json.decode(row["requester"], type=Person)
        text = json.loads(row["text"])
        votes = _votes(store, row["id"])
    except (msgspec.DecodeError, ValueError, TypeError):
        return None
    frozen = Frozen(row["text"], row["digest"], row["shown"])
    if not _is_whole(frozen, is_open=row["state"] in OPEN) or not isinstance(text, dict):
        return None
    said = (text.get("operation"), text.get("requester"), text.get("issuer"))
    if said != (row["operation"], requester.id, requester.issuer):
        return None
    over = row["state"] in OPEN and row["expires"] <= now
    return Approval(
        id=row["id"],
        frozen=Frozen(frozen.text, frozen.digest, "") if over else frozen,
        operation=row["operation"],
        requester=requester,
        needed=row["needed"],
        created=row["created"],
        expires=row["expires"],
        state=EXPIRED if over else row["state"],
        recorded=bool(row["recorded"]),
        votes=votes,
        entity=row["entity"],
    )


def read_open(store: sqlite3.Connection, identifier: str, now: float) -> Approval | str:
    """Return an approval that is open, recorded and whole, or why it is not."""
    row = store.execute("SELECT * FROM approvals WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        return NONE
    found = read_approval(store, row, now)
    if found is None:
        return DAMAGED
    if found.state not in OPEN:
        return _WHY_ENDED.get(found.state, DAMAGED)
    return found if found.recorded else NONE


def read_one(store: sqlite3.Connection, identifier: str, now: float) -> Approval | None:
    """Return an approval of any state; None when there is none, or it is damaged."""
    row = store.execute("SELECT * FROM approvals WHERE id = ?", (identifier,)).fetchone()
    return None if row is None else read_approval(store, row, now)


def end(store: sqlite3.Connection, identifier: str, state: str, now: float) -> None:
    """End an approval, and wipe what only approvers needed."""
    # What the engine ended is in the ledger by its request; the rest is told by who claims it.
    told = state in (USED, REFUSED)
    store.execute(
        "UPDATE approvals SET state = ?, finished = ?, told = ?, shown = '', entity = '',"
        " salt = x'', seal = x'' WHERE id = ?",
        (state, now, told, identifier),
    )


def write_person(person: Person) -> str:
    """Write a person as JSON."""
    return msgspec.json.encode(person).decode()


def read_person(text: str) -> Person:
    """Read one back.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(text, type=Person)


def _votes(store: sqlite3.Connection, approval: str) -> tuple[Vote, ...]:
    rows = store.execute(
        "SELECT voter, approve, time, evidence FROM votes WHERE approval = ? AND recorded = 1"
        " ORDER BY number LIMIT ?",
        (approval, MAX_VOTES),
    )
    return tuple(
        Vote(
            voter=read_person(row["voter"]),
            approve=bool(row["approve"]),
            time=row["time"],
            evidence=row["evidence"],
        )
        for row in rows
    )


def _is_whole(frozen: Frozen, *, is_open: bool) -> bool:
    """Whether the text has its digest, and the text is of the body that is shown."""
    if sha256(frozen.text.encode()) != frozen.digest:
        return False
    # Wiped once it is over.
    return not is_open or json.loads(frozen.text).get("shown") == sha256(frozen.shown.encode())
