import pytest

from yett.contract.errors import ContractError
from yett.contract.places import Source
from yett.contract.report import MAX_FINDINGS_PER_RULE, Report, findings, quote, refuse
from yett.contract.rules import OPENAPI_SHAPE, SCHEMA_REF


def test_warnings_do_not_refuse():
    """Only an error ends the reading."""
    report = Report()
    report.add(SCHEMA_REF, "m", Source("a", 1))
    report.refuse()
    report.add(OPENAPI_SHAPE, "n", Source("a", 2))
    with pytest.raises(ContractError) as caught:
        report.refuse()
    assert [f.message for f in caught.value.findings] == ["n", "m"]


def test_a_mistake_repeated_a_thousand_times_is_bounded():
    """The first ones of a rule are shown, then their count."""
    report = Report()
    for at in range(1000):
        report.add(OPENAPI_SHAPE, f"m{at}", Source("a", at))
    found = findings(report.remarks)
    assert len(found) == MAX_FINDINGS_PER_RULE + 1
    assert found[-1].message == "and 950 more"


def test_subject_names_the_place_in_a_file_of_one_line():
    """Without a subject of its own, a finding carries the JSON pointer."""
    report = Report()
    report.add(SCHEMA_REF, "m", Source("a", 1, pointer=("paths", "/a")))
    assert findings(report.remarks)[0].subject == "#/paths/~1a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "`a`"),
        ("\x1b[31m\nred", "`\ufffd[31m\ufffdred`"),
        ("x" * 100, "`" + "x" * 59 + "…`"),
        ({"a": [1]}, '`{"a": [1]}`'),
        (None, "`null`"),
        ("\u202egpj", "`\ufffdgpj`"),
    ],
)
def test_user_input_is_quoted_on_one_short_line(value, text):
    """What a file says cannot move the cursor, colour the terminal or fill the screen (CWE-150)."""
    assert quote(value) == text


def test_refuse_names_the_place():
    """A mistake that ends the reading has path, line and hint."""
    with pytest.raises(ContractError) as caught:
        refuse(OPENAPI_SHAPE, "m", "a.yaml", 3, hint="h")
    (found,) = caught.value.findings
    assert (found.path, found.line, found.hint, found.rule) == ("a.yaml", 3, "h", "openapi-shape")
