"""Step 13: a sensitive operation leaves a durable trace first."""

from __future__ import annotations

from kit.engine import operation, program, request


def test_without_a_recorder_nothing_sensitive_is_forwarded(run):
    """Fail closed: 503, and the client knows when to come back."""
    decision, _, _ = run(
        program(operation(sensitive=True)), request(authorization=b"Bearer good"), False
    )
    assert (decision.step, decision.problem.code) == (13, "not-recorded")
    assert decision.forward is None
    assert (b"retry-after", b"5") in decision.problem.headers
