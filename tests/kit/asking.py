"""Steps that ask what the gate must answer, made by hand: reading, locking, conditions."""

from __future__ import annotations

import json

from msgspec.structs import replace

from yett.engine.questions import LockRecord, ReadRecord
from yett.engine.step import Ask
from yett.problems import RECORD_BUSY, WRONG_STATE, Problem

STEP = 11


def with_step(step, number=STEP, **changes):
    """Rework a plan: this step comes last."""
    return lambda plan: replace(plan, steps=(*plan.steps, (number, step)), **changes)


def reads(target="/record", limit=1000, upstream="api", own=False, then=None):
    """A step that reads one record into `x.record`; a problem refuses."""

    def resume(x, read):
        if isinstance(read, Problem):
            return read
        x.record = read
        return then(x, read) if then else None

    return lambda x: Ask(ReadRecord(upstream, target, limit, own), resume)


def locks(then, key="record"):
    """A step that holds a record and goes on with `then`; refuses where it is busy."""

    def resume(x, held):
        return then(x) if held else RECORD_BUSY()

    return lambda x: Ask(LockRecord(key), resume)


def only_while_draft(x, read):
    """The rule of the race tests: the record must be a draft; its tag becomes a condition."""
    if json.loads(read.body)["status"] != "draft":
        return WRONG_STATE()
    x.extra = b"if-match: %b\r\n" % read.etag if read.etag else b""
    return None
