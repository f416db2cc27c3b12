"""Findings gathered while a contract is compiled; each is kept once.

`error` means the contract cannot be enforced as written and is refused; `warning` means a keyword
was dropped or tightened and the API still serves; `note` says what stays open.
"""

from __future__ import annotations

from yett.contract.places import Source
from yett.policy.errors import PolicyError
from yett.terms import Finding

MAX_FINDINGS = 500


class Report:
    """The findings of one API; `subject` is the operation that is being compiled."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.subject = ""
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, rule: str, severity: str, message: str, hint: str = "") -> None:
        """Keep a finding unless the same was kept before or there are too many."""
        key = (rule, message)
        if key in self._found or len(self._found) >= MAX_FINDINGS:
            return
        self._found[key] = Finding(
            rule=rule,
            severity=severity,
            message=message,
            path=self.source.path,
            line=self.source.line,  # found by reading the file again: only for what is said
            hint=hint,
            subject=self.subject,
        )

    def error(self, rule: str, message: str, hint: str = "") -> None:
        """Keep a finding that stops the contract from being used, however many there are."""
        if len(self._found) >= MAX_FINDINGS:
            self._found.popitem()
        self.add(rule, "error", message, hint)

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, in the order it was found."""
        return tuple(self._found.values())

    def raise_errors(self) -> None:
        """Raise if anything found is an error.

        Raises:
            PolicyError: with the errors.
        """
        errors = tuple(f for f in self._found.values() if f.severity == "error")
        if errors:
            raise PolicyError(errors)
