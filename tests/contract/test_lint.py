from yett.contract.lint import LINTS, lint
from yett.contract.load import load


def test_ids_are_unique():
    """A rule of the table means one thing."""
    ids = [row.rule.id for row in LINTS]
    assert len(set(ids)) == len(ids)


def test_a_small_good_contract_has_little_to_say(contract):
    """The sample: a bearer scheme without issuer, one anonymous operation."""
    found = lint(contract())
    assert {(f.rule, f.severity) for f in found} == {
        ("operation-anonymous", "warning"),
        ("credential-unverifiable", "warning"),
        ("object-undeclared", "warning"),
    }
    assert all(f.line > 1 and f.hint and f.subject for f in found)


def test_what_loading_noted_comes_along(contract, good):
    """Warnings of the loader are findings of lint."""
    good["components"]["schemas"]["Booking"]["properties"]["note"]["maxLength"] = "200"
    assert "schema-keyword" in {f.rule for f in lint(contract(good))}


def test_errors_come_first_and_repetition_is_bounded(contract, good):
    """A thousand unguarded operations are fifty findings and a number."""
    del good["security"]
    good["paths"] |= {f"/x{i}": {"get": {}} for i in range(1000)}
    found = lint(contract(good))
    assert found[0].severity == "error"
    assert len([f for f in found if f.rule == "operation-unguarded"]) == 51


def test_real_descriptions_can_be_linted(corpus):
    """GitHub's declares no security at all, and that is the first thing said."""
    found = lint(load(corpus("github")))
    assert found[0].rule == "operation-unguarded"
    assert len(found) < 500
