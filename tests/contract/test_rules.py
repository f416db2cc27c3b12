from yett.contract.lint import RULES


def test_ids_are_unique_and_severities_known():
    """A rule id means one thing."""
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.severity for rule in RULES} == {"error", "warning", "note"}


def test_summaries_complete_a_sentence():
    """`found when ...`: lower case, no full stop."""
    for rule in RULES:
        assert not rule.summary.endswith("."), rule.id
        assert rule.summary[0].islower() or rule.summary[0] == "`", rule.id
