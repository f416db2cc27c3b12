"""Each remark once, at the operation that met it first; an error is never lost."""

from __future__ import annotations

import pytest

from yett.contract.errors import ContractError
from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy.notes import Notes
from yett.policy.rules import BODY_UNCHECKED, SCHEMA_ALTERNATIVES, SCHEMA_TARGET


def test_a_remark_is_kept_once_with_its_first_operation(new_api):
    """A schema that many operations share is not said many times."""
    report, (operation,) = Report(), new_api().operations
    notes = Notes(report, Source("a.json", 3))
    notes.add(BODY_UNCHECKED, "of the whole")
    notes.turn_to(operation)
    notes.add(BODY_UNCHECKED, "of one")
    notes.turn_to(None)
    notes.add(BODY_UNCHECKED, "of one")
    notes.add(SCHEMA_ALTERNATIVES, "of one")
    assert [(remark.subject, remark.source.line) for remark in report.remarks] == [
        ("", 3),
        ("x.op", 0),
        ("", 3),
    ]
    notes.refuse()


def test_errors_refuse_however_many_warnings_there_are():
    """An error is raised, and comes first."""
    notes = Notes(Report(), Source())
    for number in range(1000):
        notes.add(BODY_UNCHECKED, str(number))
    notes.add(SCHEMA_TARGET, "it is broken", "mend it")
    with pytest.raises(ContractError) as caught:
        notes.refuse()
    assert (caught.value.findings[0].message, caught.value.findings[0].hint) == (
        "it is broken",
        "mend it",
    )


def test_no_line_is_looked_up_before_somebody_asks():
    """Finding a line reads the file again, 0.4 s for GitHub's: a contract that serves pays none."""

    class Broken:
        def locate(self, pointer):
            raise AssertionError(pointer)

    report = Report()
    notes = Notes(report, Source(pointer=("a",), locator=Broken()))
    notes.add(BODY_UNCHECKED, "message")
    notes.refuse()
    assert len(report.remarks) == 1
