"""What is noted while the shapes of one API are compiled: each remark once, at its first operation.

Schemas are shared between operations and restated once, so a remark on one of them is said of the
operation that met it first. No line is looked up in here: `contract.report` does that, when asked.
"""

from __future__ import annotations

from yett.contract.model import Operation
from yett.contract.places import Source
from yett.contract.report import Report
from yett.contract.rules import Rule


class Notes:
    """Adds to a report, on behalf of what is being compiled.

    Args:
        report: takes the remarks.
        source: the API's own place, until `turn_to` names an operation.
    """

    def __init__(self, report: Report, source: Source) -> None:
        self._report = report
        self._api = self._source = source
        self._subject = ""
        self._said: set[tuple[str, str]] = set()

    def turn_to(self, operation: Operation | None) -> None:
        """Say what follows of an operation; of the API as a whole when it is None."""
        self._source = self._api if operation is None else operation.source
        self._subject = "" if operation is None else operation.id

    def add(self, rule: Rule, message: str, hint: str = "") -> None:
        """Note something, unless the same was noted before."""
        if (rule.id, message) not in self._said:
            self._said.add((rule.id, message))
            self._report.add(rule, message, self._source, hint=hint, subject=self._subject)

    def refuse(self) -> None:
        """Raise `ContractError` with everything found so far if there is an error."""
        self._report.refuse()
