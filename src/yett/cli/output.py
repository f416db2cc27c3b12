"""How findings are printed: text for people, JSON and SARIF 2.1.0 for programs.

Pure: findings go in, text comes out. SARIF is OASIS sarif-v2.1.0; its levels are our severities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yett
from yett.contract.errors import describe
from yett.contract.lint import RULES
from yett.policy.rules import COMPILING
from yett.terms import Finding

FORMATS = ("text", "json", "sarif")
SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
HELP_URI = "https://yett.dev/reference/lint#"
SEVERITIES = ("error", "warning", "note")
SUMMARIES = {rule.id: rule.summary for rule in (*RULES, *COMPILING)}


def as_text(findings: Iterable[Finding], found: Iterable[Finding] | None = None) -> str:
    """Write one line per finding, its hint below, and how many there are.

    Args:
        findings: those to show.
        found: those to count, when not all are shown.
    """
    lines = []
    shown = list(findings)
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in shown if found is None else found:
        counts[finding.severity] += 1
    for finding in shown:
        # In a document of one line the line says nothing; the pointer does.
        where = f" ({finding.subject})" if finding.line == 1 and finding.subject else ""
        lines.append(printable(describe(finding) + where))
        if finding.hint:
            lines.append(printable(f"    hint: {finding.hint}"))
    lines.append(count(counts))
    return "\n".join(lines)


def count(counts: dict[str, int]) -> str:
    """Say how many findings there are of each severity."""
    parts = [
        f"{number:,} {name}{'s' if number != 1 else ''}"
        for name, number in counts.items()
        if number
    ]
    return ", ".join(parts) or "nothing found"


def as_json(findings: Iterable[Finding], **more: Any) -> str:
    """Write one JSON object: `findings`, and what else the command has to say."""
    rows = [
        {name: getattr(finding, name) for name in finding.__struct_fields__} for finding in findings
    ]
    return json.dumps({"findings": rows, **more}, indent=2, ensure_ascii=False)


def as_sarif(
    findings: Iterable[Finding],
    *,
    summaries: Mapping[str, str] | None = None,
    help_uri: str = HELP_URI,
) -> str:
    """Write a SARIF log with one run.

    Args:
        findings: its results.
        summaries: rule -> what it is about, beside those of `yett check`.
        help_uri: where a rule's heading is, before its id.
    """
    kept = list(findings)
    ids = sorted({finding.rule for finding in kept})
    driver = {
        "name": "yett",
        "version": yett.__version__,
        "semanticVersion": yett.__version__,
        "informationUri": "https://yett.dev/",
        "rules": [_rule(name, {**SUMMARIES, **(summaries or {})}, help_uri) for name in ids],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids.index(finding.rule)) for finding in kept],
    }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _rule(name: str, summaries: Mapping[str, str], help_uri: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": name, "helpUri": help_uri + name}
    if name in summaries:
        rule["shortDescription"] = {"text": summaries[name]}
    return rule


def _result(finding: Finding, index: int) -> dict[str, Any]:
    text = finding.message + (f"; {finding.hint}" if finding.hint else "")
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": printable(text)},
        "locations": [_location(finding)] if finding.path else [],
    }
    if finding.subject:
        result["partialFingerprints"] = {"subject/v1": f"{finding.rule}:{finding.subject}"}
    return result


def _location(finding: Finding) -> dict[str, Any]:
    path = Path(finding.path)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.subject:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.subject}]
    return location


def printable(text: str) -> str:
    """Replace control characters: a file must not write to the terminal (CWE-150)."""
    return "".join(c if c.isprintable() or c == " " else "\ufffd" for c in text)


RENDERERS: dict[str, Callable[[Iterable[Finding]], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
}
