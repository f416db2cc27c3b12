"""The one error of this room: what is wrong in the files a team wrote, all of it in one report.

A `ContractError` carries findings (rule, message, path, line, hint), never a stack trace's worth of
context: it is bad input, not a bug. Anything else that leaves this room is a bug.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yett.terms import Finding


class ContractError(Exception):
    """The contract cannot be used; `findings` says where and why, errors first.

    Args:
        findings: at least one; those of severity `error` come first, then warnings and notes.
    """

    findings: tuple[Finding, ...]

    def __init__(self, findings: Iterable[Finding]) -> None:
        ranked = sorted(findings, key=lambda f: f.severity != "error")
        if not ranked:
            raise ValueError("a refusal needs at least one finding")
        self.findings = tuple(ranked)
        super().__init__("\n".join(describe(f) for f in ranked))


def describe(finding: Finding) -> str:
    """Write a finding as `path:line: severity rule: message`, with what is known of the place."""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    prefix = f"{place}: " if place else ""
    return f"{prefix}{finding.severity} {finding.rule}: {finding.message}"
