"""Step 14, response rules: may this answer leave, and which of its records and fields?

The adapter asks `reading` when it has the head, collects the whole answer where that says so, and
asks `release` once. What cannot be checked is refused; what is left out is left out whole: records
first, then field classes, then what the contract does not declare. Does no I/O.
"""

from __future__ import annotations

from msgspec import Struct

from yett.engine.answers.body import may_be_json, read_answer, write_answer
from yett.engine.answers.checks import FEW, Checks
from yett.engine.answers.checks import WITHOUT as WITHOUT  # noqa: PLC0414 — the adapters' word
from yett.engine.answers.modes import mind, refusal, strictest
from yett.engine.answers.success import Success
from yett.engine.answers.undeclared import leave_out, speaks_json
from yett.engine.exchange import Exchange
from yett.policy.jsonbody import MALFORMED
from yett.policy.model import Fault
from yett.problems import ANSWER_UNCHECKABLE, NO_SUCH_RECORD, Problem
from yett.terms import Event, Mode

RELEASE_STEP = 14
PARTIAL, NOT_MODIFIED = 206, 304
# What a service refuses of a request without having looked for a record, or should.
_OF_THE_REQUEST = frozenset((400, 401, 408, 413, 414, 415, 422, 429, 431))


class Reply(Struct, frozen=True):
    """The service's whole answer.

    Args:
        status: its status.
        media_type: lower-case, without parameters; empty when there is none.
        coded: it carries a `Content-Encoding`, which no rule can read.
        body: all of it.
    """

    status: int
    media_type: str
    coded: bool
    body: bytes


class Released(Struct, frozen=True):
    """What may leave: the body as it may be seen, or the problem to answer with instead.

    `events` are findings for the record (the service leaks, or broke a machine); the adapter
    appends them to its sink.
    """

    body: bytes
    problem: Problem | None = None
    events: tuple[Event, ...] = ()


def reading(x: Exchange, status: int, media_type: str) -> Mode:
    """How much an answer must be read, told from its head.

    Returns:
        `off`: it may be relayed as it comes. `observe`: it is collected and released when it is not
        too large, else relayed unread. `enforce`: it is collected, or refused.
    """
    checks = x.plan.checks if x.plan is not None else None
    if checks is None:
        return Mode.OFF
    if 200 <= status < 300:
        asked = checks.asks_granted if x.granted else checks.asks
        if asked is Mode.ENFORCE or not speaks_json(checks, status, media_type):
            return asked
        return strictest(asked, checks.undeclared)
    if checks.guard is not None and (status in FEW or 300 <= status < 400):
        return checks.records
    if _tells(x, checks, status):
        return checks.records
    # What a refusal of the service may hold is its schema's matter; one that has none is its own.
    told = checks.declared is not None and may_be_json(media_type)
    return Mode.OBSERVE if told and 400 <= status < 500 else Mode.OFF


def release(x: Exchange, reply: Reply) -> Released:
    """Decide on a whole answer; called once, after an allowed request was forwarded."""
    checks = x.plan.checks if x.plan is not None else None
    if checks is None:
        return Released(reply.body)
    status = reply.status
    if 200 <= status < 300:
        if checks.guard is None:
            trimmed = _trimmed(x, checks, reply)
            if trimmed is not None:
                return trimmed
        why = "it is coded" if reply.coded else "it is a part" if status == PARTIAL else ""
        return Released(*Success(x, checks, status).release(reply.body, reply.media_type, why))
    if 300 <= status < 400 and not checks.conceals(x):
        return _redirect(x, checks, reply)
    if (status in FEW and checks.hides) or _tells(x, checks, status):
        problem = NO_SUCH_RECORD(note=f"the service answered {status}")
        if mind(x, checks.records, problem, always=status != NO_SUCH_RECORD.status):
            return Released(b"", problem)
    return _failure(x, checks, reply)


def uncheckable(x: Exchange, why: str) -> Problem:
    """Return the refusal of an answer that no rule can read.

    Where the caller may not even know of the record it is the answer for one that is not there:
    clients choose by `Accept` or `?fields=` whether an answer can be read.
    """
    checks = x.plan.checks if x.plan is not None else None
    return refusal(x, checks, why) if checks is not None else ANSWER_UNCHECKABLE(note=why)


def _tells(x: Exchange, checks: Checks, status: int) -> bool:
    """Whether a status would tell somebody of a record of which they may not know.

    `406` and `423` are only for what is there; a redirection says where (CWE-204).
    """
    return 300 <= status < 500 and status not in _OF_THE_REQUEST and checks.conceals(x)


def _redirect(x: Exchange, checks: Checks, reply: Reply) -> Released:
    """A redirection needs no body; "not modified" was not asked for where a guard is."""
    if checks.guard is None or checks.records is Mode.OFF:
        return Released(reply.body)
    if reply.status == NOT_MODIFIED:
        problem = ANSWER_UNCHECKABLE(note="304 to a request without conditions")
        return Released(reply.body, mind(x, checks.records, problem))
    return Released(b"" if checks.records is Mode.ENFORCE else reply.body)


def _failure(x: Exchange, checks: Checks, reply: Reply) -> Released:
    """A refusal of the service, without what its schema does not declare."""
    if checks.declared is None:
        return Released(reply.body)
    return _trimmed(x, checks, reply) or Released(reply.body)


def _trimmed(x: Exchange, checks: Checks, reply: Reply) -> Released | None:
    """An answer that can be read, without what its schema does not declare; None of any other.

    What most answers are read for, and nothing else: less code is touched than for a guarded one.
    """
    if reply.coded or reply.status == PARTIAL or not may_be_json(reply.media_type):
        return None
    value = read_answer(reply.body) if reply.body else MALFORMED
    if isinstance(value, Fault):
        return None
    return Released(
        write_answer(value) if leave_out(x, checks, reply.status, value) else reply.body
    )
