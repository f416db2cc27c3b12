from pathlib import Path

from yett.contract.lint import RULES, SUMMARIES

PAGE = Path("docs/reference/lint.md")


def test_ids_are_unique_and_severities_known():
    """A rule id means one thing."""
    assert len({rule.id for rule in RULES}) == len(RULES) == len(SUMMARIES)
    assert {rule.severity for rule in RULES} == {"error", "warning", "note"}


def test_summaries_complete_a_sentence():
    """`found when ...`: lower case, no full stop."""
    for rule in RULES:
        assert not rule.summary.endswith("."), rule.id
        assert rule.summary[0].islower() or rule.summary[0] == "`", rule.id


def test_each_rule_has_one_heading_with_its_severity():
    """docs/reference/lint.md describes every rule, and no rule that is gone."""
    text = PAGE.read_text(encoding="utf-8")
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert sorted(headings) == sorted(rule.id for rule in RULES)
    for rule in RULES:
        section = text.split(f"\n## {rule.id}\n", 1)[1].split("\n## ", 1)[0]
        assert section.strip().startswith(f"*{rule.severity}*"), rule.id
