"""Records as a human reads them on a terminal, and as another program reads them.

Paths, principals and notes may hold what a client chose: nothing but printable characters reaches
the terminal (CWE-150, escape sequences that retitle, recolour or type). JSON output is ASCII.
"""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec

from yett.records.counts import Group
from yett.records.line import Record
from yett.records.report import Report

_COLOURS = {"allow": "green", "refuse": "red"}
_LABELS = {"request": "request id", "principal_kind": "kind of principal", "policy": "contract"}
_WIDE = 40


def printable(text: str) -> str:
    """Escape what is not printable: controls, C1, bidirectional overrides, unpaired surrogates."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def stamp(seconds: float) -> str:
    """Return unix seconds as UTC with milliseconds; as they are when no calendar has them."""
    try:
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f}"
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def as_object(record: Record) -> dict[str, Any]:
    """Return a record as plain data."""
    return {
        "index": record.i,
        "worker": record.w,
        "sequence": record.s,
        "event": msgspec.to_builtins(record.e),
        "link": record.h,
    }


def as_json(value: Any) -> str:
    """Return compact JSON in ASCII; DEL, which JSON leaves alone, is escaped as well."""
    return json.dumps(value, separators=(",", ":")).replace("\x7f", "\\u007f")


def as_line(record: Record, style: Any) -> str:
    """Return a record as one line.

    Args:
        record: the record.
        style: `click.style`, or what leaves text as it is.
    """
    event = record.e
    start = style(f"{stamp(event.time)}  #{record.i:<8}", dim=True)
    if not event.verdict:
        return (
            f"{start} {style(printable(event.kind), bold=True)}  {printable(event.note)}".rstrip()
        )
    verdict = style(f"{printable(event.verdict):<6}", fg=_COLOURS.get(event.verdict, "yellow"))
    words = [
        f"{event.status or '-':>3}",
        printable(f"{event.method} {event.path}".strip()).ljust(_WIDE),
        *([printable(f"({event.kind})")] if event.kind != "request" else []),
        printable(event.principal or "anonymous"),
        printable(event.code) if event.code else printable(event.operation),
        f"{event.milliseconds:.1f} ms",
        style(printable(event.request), dim=True),
    ]
    if event.observed:
        words.append(style(printable(f"observed: {', '.join(event.observed)}"), fg="yellow"))
    return f"{start} {verdict} {'  '.join(words)}"


def as_count(group: Group, style: Any) -> str:
    """Return a row of a count: how many, why, at which operation, by how many, since when."""
    who = _count(group.principals, "principal") if group.principals else "anonymous"
    words = [
        style(f"{group.requests:>8,}", bold=True),
        f"{printable(group.code) or 'let through':<24}",
        printable(group.operation).ljust(_WIDE),
        f"{who:<14}",
        f"{stamp(group.first)[:16]} to {stamp(group.last)[:16]}Z",
        style(f"e.g. {printable(group.example)}", dim=True),
    ]
    return "  ".join(words)


def as_block(record: Record, place: str) -> str:
    """Return a whole record, one field a line, empty ones left out."""
    rows = [("record", str(record.i)), ("time", stamp(record.e.time))]
    for name in record.e.__struct_fields__:
        value = getattr(record.e, name)
        label = _LABELS.get(name, name.replace("_", " "))
        if name == "why":
            rows += [(label, text) for text in value]  # clauses have commas of their own
        elif name != "time" and value not in ("", 0, ()):
            text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            rows.append((label, text))
    rows += [("worker", f"{record.w} {record.s}"), ("link", record.h), ("found in", place)]
    return "\n".join(f"{label:<18} {printable(text)}" for label, text in rows)


def report_json(report: Report) -> str:
    """Return a verification as one line of JSON."""
    damage = report.damage
    return as_json(
        {
            "ok": report.ok,
            "records": report.records,
            "segments": report.segments,
            "first": report.first,
            "head": report.head,
            "damage": damage and {name: getattr(damage, name) for name in damage.__struct_fields__},
        }
    )


def report_text(report: Report, style: Any) -> str:
    """Return a verification for people; `style` as in `as_line`."""
    counted = f"{_count(report.records, 'record')} in {_count(report.segments, 'segment')}"
    if report.damage is None:
        last = report.first + report.records - 1
        span = f", {report.first} to {last}" if report.records else ""
        return (
            f"{style('whole', fg='green', bold=True)}: {counted}{span}\n"
            f"head: {report.head}\n"
            "hint: keep the head elsewhere; with `--head` records cut off the end are found, too"
        )
    damage = report.damage
    line = f":{damage.line}" if damage.line else ""
    return (
        f"{style('broken', fg='red', bold=True)} ({damage.kind}): {damage.message}\n"
        f"at: {damage.path}{line}\n"
        f"whole before it: {counted}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
