import pytest

from yett.contract.errors import ContractError, describe
from yett.terms import Finding


def finding(severity="error", line=3, path="a.yaml"):
    return Finding(rule="r", severity=severity, message="m", path=path, line=line)


def test_errors_come_first():
    """The first finding of a refusal is one that caused it."""
    error = ContractError([finding("note"), finding("error")])
    assert [f.severity for f in error.findings] == ["error", "note"]


def test_a_refusal_without_a_reason_cannot_be_built():
    """Nobody is refused without a finding."""
    with pytest.raises(ValueError, match="at least one"):
        ContractError([])


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (finding(), "a.yaml:3: error r: m"),
        (finding(line=0), "a.yaml: error r: m"),
        (finding(path="", line=0), "error r: m"),
    ],
)
def test_place_is_written_as_far_as_it_is_known(made, text):
    """`path:line:` when both are known, nothing when neither is."""
    assert describe(made) == text
