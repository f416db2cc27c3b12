"""Step 9: a hit is refused or observed, and its fingerprint goes to the record alone."""

from __future__ import annotations

from kit.engine import operation, program, request

from yett.engine import record
from yett.terms import Mode, Verdict

GOOD = {"authorization": b"Bearer good"}
NUMBERS = {"status": 0, "upstream_status": 0, "bytes_in": 0, "bytes_out": 0, "seconds": 0.0}


def test_an_enforced_hit_refuses(run):
    """The client is told where, not what matched."""
    bound = program(operation(text=lambda *_: ("query/q", "s&1c", Mode.ENFORCE)))
    decision, x, _ = run(bound, request(**GOOD))
    assert (decision.step, decision.problem.code) == (9, "injection-suspected")
    assert "s&1c" not in decision.problem.detail
    assert record.event(x, decision, **NUMBERS).fingerprint == "s&1c"


def test_an_observed_hit_is_recorded(run):
    """A field in mode `observe` lets go and leaves its fingerprint."""
    bound = program(operation(text=lambda *_: ("query/q", "xss", Mode.OBSERVE)))
    decision, x, _ = run(bound, request(**GOOD))
    assert decision.verdict is Verdict.ALLOW
    event = record.event(x, decision, **NUMBERS)
    assert (event.observed, event.fingerprint) == (("injection-suspected",), "xss")
