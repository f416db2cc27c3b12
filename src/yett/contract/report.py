"""The list of what was found while reading: mistakes are collected, so one run names them all.

A `Remark` keeps a `Source`, whose line is looked up only when the remark becomes a `Finding`.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from msgspec import Struct

from yett.contract.errors import ContractError
from yett.contract.places import Source, write_pointer
from yett.contract.rules import Rule
from yett.terms import Finding

MAX_QUOTED_CHARACTERS = 60
MAX_FINDINGS_PER_RULE = 50  # the first ones name the mistake, the rest hide the other rules


class Remark(Struct, frozen=True, kw_only=True):
    """A finding whose line is not looked up yet; the fields as in `terms.Finding`."""

    rule: Rule
    message: str
    source: Source
    hint: str = ""
    subject: str = ""

    def finding(self) -> Finding:
        """Look up the line."""
        return Finding(
            rule=self.rule.id,
            severity=self.rule.severity,
            message=self.message,
            path=self.source.path,
            line=self.source.line,
            hint=self.hint,
            subject=self.subject or self._pointer(),
        )

    def _pointer(self) -> str:
        """Name the place in the document: the line says nothing in a file of one line."""
        return f"#{write_pointer(self.source.pointer)}" if self.source.pointer else ""


class Report:
    """Collects remarks; `refuse` ends the reading when an error is among them."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []

    def add(
        self, rule: Rule, message: str, source: Source, *, hint: str = "", subject: str = ""
    ) -> None:
        """Note something; the arguments as in `terms.Finding`."""
        remark = Remark(rule=rule, message=message, source=source, hint=hint, subject=subject)
        self.remarks.append(remark)

    def refuse(self) -> None:
        """Raise `ContractError` with everything found if there is an error."""
        if any(remark.rule.severity == "error" for remark in self.remarks):
            raise ContractError(findings(self.remarks))


def findings(remarks: list[Remark] | tuple[Remark, ...]) -> tuple[Finding, ...]:
    """Look up the lines, at most `MAX_FINDINGS_PER_RULE` of each rule and the count of the rest."""
    kept: list[Finding] = []
    count: dict[Rule, int] = {}
    for remark in remarks:
        seen = count[remark.rule] = count.get(remark.rule, 0) + 1
        if seen <= MAX_FINDINGS_PER_RULE:
            kept.append(remark.finding())
    for rule, seen in count.items():
        if seen > MAX_FINDINGS_PER_RULE:
            message = f"and {seen - MAX_FINDINGS_PER_RULE:,} more"
            kept.append(Finding(rule=rule.id, severity=rule.severity, message=message))
    return tuple(kept)


def quote(value: Any) -> str:
    """Put user input in backticks: one line, short, no control characters (CWE-150)."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    short = text if len(text) <= MAX_QUOTED_CHARACTERS else text[: MAX_QUOTED_CHARACTERS - 1] + "…"
    return "`" + "".join(c if c.isprintable() else "\ufffd" for c in short) + "`"


def refuse(rule: Rule, message: str, path: str, line: int = 0, *, hint: str = "") -> NoReturn:
    """Raise `ContractError` for a mistake that ends the reading of a file."""
    source = Source(path, line)
    raise ContractError([Remark(rule=rule, message=message, source=source, hint=hint).finding()])
