"""Findings are kept once, bounded, and an error is never lost."""

from __future__ import annotations

import pytest

from yett.contract.places import Source
from yett.policy.errors import PolicyError
from yett.policy.report import MAX_FINDINGS, Report


def test_once():
    """The same finding is kept once, with the subject it was first found in."""
    report = Report(Source())
    for subject in ("a", "b"):
        report.subject = subject
        report.add("rule", "warning", "message")
    assert [f.subject for f in report.findings()] == ["a"]
    report.raise_errors()


def test_errors_survive_the_cap():
    """However many warnings there are, an error is kept and raised."""
    report = Report(Source())
    for i in range(MAX_FINDINGS * 2):
        report.add("rule", "warning", str(i))
    report.error("broken", "it is", "mend it")
    assert len(report.findings()) == MAX_FINDINGS
    with pytest.raises(PolicyError, match="it is"):
        report.raise_errors()
