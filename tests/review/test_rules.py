"""The table of findings: each has a heading in the docs, and severities that mean something."""

from __future__ import annotations

from pathlib import Path

from yett.contract.lint import RULES as LINT
from yett.policy.rules import COMPILING
from yett.review.rules import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/diff.md"


def test_each_rule_has_its_heading():
    """`docs/reference/diff.md` has one heading for each id, and no other."""
    text = PAGE.read_text(encoding="utf-8")
    headings = {line[3:].strip() for line in text.splitlines() if line.startswith("## ")}
    assert {rule.id for rule in RULES} <= headings


def test_ids_are_unique():
    """No id of `yett check` is used for something else."""
    ids = [rule.id for rule in (*RULES, *LINT, *COMPILING)]
    assert len(ids) == len(set(ids))
    assert {rule.severity for rule in RULES} == {"error", "warning", "note"}
