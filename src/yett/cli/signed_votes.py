"""Votes of the ledger, verified again: what was signed, where, by whose passkey.

Needs the ledger alone; where the store of accounts is there as well, it says whose key it is. A key
that the store has under another name, or that a person of the store never had, is a forgery; one
whose account is gone is not.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from yett.credentials.passkeys.signature import site_of
from yett.credentials.passkeys.vote import Evidence, flaw_of, read_evidence
from yett.records.line import Record
from yett.records.query import Filter, Search
from yett.state.accounts.passkeys import find_passkey
from yett.state.accounts.users import find_user
from yett.terms import Event

GIVEN, REFUSED = "approval-given", "approval-refused"
GOOD, BAD, UNSIGNED = "good", "bad", "unsigned"
THEIRS, GONE, UNASKED = "theirs", "gone", "not asked"
_NOTE = re.compile(r"approval ([0-9a-f]{32}) of sha256:([0-9a-f]{64})\Z")


class Checked(Struct, frozen=True, kw_only=True):
    """A vote and what became of verifying it.

    Args:
        record: index in the ledger.
        time: unix seconds.
        approval, digest, decision: what was voted on, and how.
        by, issuer: who voted, and who vouched for them.
        passkey: credential id; empty where none signed.
        result: `good`, `bad` or `unsigned`.
        reason: why it is bad.
        key: `theirs`, `gone` (neither key nor person are known any more) or `not asked`.
    """

    record: int
    time: float
    approval: str
    digest: str
    decision: str
    by: str
    issuer: str
    passkey: str
    result: str
    reason: str = ""
    key: str = UNASKED


def votes_of(ledger: Path) -> tuple[Iterator[Record], tuple[Search, ...]]:
    """Return the votes of a ledger, oldest first, and the searches, which count what is none."""
    searches = tuple(Search(ledger, Filter(kind=kind)) for kind in (GIVEN, REFUSED))
    found = heapq.merge(*(one.oldest() for one in searches), key=lambda record: record.i)
    # What an operator cancelled has nobody's name, and is no vote.
    return (record for record in found if record.e.principal), searches


def check(record: Record, url: str, tx: Connection | None) -> Checked:
    """Verify one vote.

    Args:
        record: of the ledger.
        url: of the issuer whose people sign; what was signed elsewhere is bad.
        tx: a transaction of the store of accounts; None where nobody asks it.
    """
    event = record.e
    named = _NOTE.match(event.note)
    evidence = read_evidence(event.evidence)
    said = Checked(
        record=record.i,
        time=event.time,
        approval=named[1] if named else "",
        digest=named[2] if named else "",
        decision="approve" if event.kind == GIVEN else "refuse",
        by=event.principal,
        issuer=event.issuer,
        passkey=evidence.shown.id if evidence else "",
        result=UNSIGNED,
    )
    if not event.evidence:
        return said
    reason, key = _flaw(event, said, url), UNASKED
    if not reason and evidence is not None and tx is not None:
        reason, key = _whose(tx, event, evidence)
    return _with(said, reason, key)


def _flaw(event: Event, said: Checked, url: str) -> str:
    if not said.approval:
        return "the record does not say on what was voted"
    if event.issuer != url:
        return "the voter was not signed in at this issuer"
    approve = event.kind == GIVEN
    return flaw_of(event.evidence, site_of(url), said.approval, said.digest, approve=approve)


def _whose(tx: Connection, event: Event, evidence: Evidence) -> tuple[str, str]:
    """Ask the store whose key it is, or was; revoked keys stay in it."""
    passkey = find_passkey(tx, evidence.shown.id)
    if passkey is None:
        if find_user(tx, event.principal) is None:
            return "", GONE
        return "this person never had this passkey", UNASKED
    if passkey.user != event.principal or passkey.public_key != evidence.public_key:
        return "the passkey is somebody else's, or has another key", UNASKED
    if passkey.revoked and passkey.revoked < event.time:
        return "the passkey had been revoked before", UNASKED
    return "", THEIRS


def _with(said: Checked, reason: str, key: str) -> Checked:
    return replace(said, result=BAD if reason else GOOD, reason=reason, key=key)
