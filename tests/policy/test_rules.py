from yett.contract.lint import RULES
from yett.policy.rules import COMPILING


def test_ids_are_unique_also_beside_those_of_the_contract():
    """A rule id means one thing, whichever room reports by it."""
    ids = [rule.id for rule in (*RULES, *COMPILING)]
    assert len(set(ids)) == len(ids)
    assert {rule.severity for rule in COMPILING} == {"error", "warning", "note"}


def test_summaries_complete_a_sentence():
    """`found when ...`: lower case, no full stop."""
    for rule in COMPILING:
        assert not rule.summary.endswith("."), rule.id
        assert rule.summary[0].islower() or rule.summary[0] == "`", rule.id
