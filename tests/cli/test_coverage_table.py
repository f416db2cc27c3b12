from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from yett.cli.coverage import Row
from yett.cli.coverage_table import _AUTHORIZING, _CALLING, _SENDING, cells, print_tables

ROOT = Path(__file__).resolve().parents[2]
PLAIN = dict.fromkeys(Row.__struct_fields__, "-") | {
    "operation": "s.get",
    "method": "GET",
    "path": "/a",
    "credential": "key",
    "parameters": "none taken",
    "body": "none taken",
    "limits": "2 default",
}


def row(**more):
    return Row(**(PLAIN | more))


def test_only_tables_that_say_something(capsys):
    """What takes nothing and asks nothing about a record stands in the first table alone."""
    print_tables((row(), row(operation="s.put", body="json", unknown_fields="enforce")))
    parts = capsys.readouterr().out.strip().split("\n\n")
    assert [part.split()[0] for part in parts] == ["operation", "operation"]
    assert "s.get" in parts[0]
    assert "s.get" not in parts[1]


def test_no_operations_no_table(capsys):
    """An empty contract draws nothing."""
    print_tables(())
    assert capsys.readouterr().out == ""


def test_columns_that_say_nothing_are_left_out():
    """A contract without scopes has no column for them."""
    assert [head for head, _ in cells((row(),), _CALLING)] == [
        "operation", "method", "path", "credential", "limits",
    ]  # fmt: skip


def test_a_mode_of_all_cells_is_said_once():
    """`(observe)` in the head means all below; one cell that enforces keeps it at the others."""
    both = (
        row(record="response (observe)", rules="a"),
        row(record="body (observe)", rules="a"),
        row(rules="b"),
    )
    assert ("record (observe)", ["response", "body", "-"]) in cells(both, _AUTHORIZING)
    mixed = (row(record="response (observe)"), row(record="body"))
    assert ("record", ["response (observe)", "body"]) in cells(mixed, _AUTHORIZING)


def test_a_public_operation_has_no_mode_of_its_own():
    """`public` beside `key (observe)` does not keep the mode out of the head."""
    table = (row(credential="public"), row(credential="key (observe)"))
    assert ("credential (observe)", ["public", "key"]) in cells(table, _CALLING)


def test_what_is_not_taken_is_a_dash():
    """Neither parameters nor a body are a word to read."""
    table = (row(parameters="1 checked", body="none taken (observe)"),)
    assert cells(table, _SENDING) == [("operation", ["s.get"]), ("parameters", ["1 checked"])]


@pytest.mark.parametrize(
    ("more", "besides"),
    [
        ({"states": "draft > done"}, "state draft > done"),
        ({"references": "/id: Invoice", "sensitive": "1 approval"},
         "refers to /id: Invoice; sensitive: 1 approval"),
        ({"fields": "shows pii"}, "shows pii"),
    ],
)  # fmt: skip
def test_what_is_asked_besides(more, besides):
    """References, fields, states and step-up share a column: few operations have more than one."""
    assert ("besides", [besides]) in cells((row(**more),), _AUTHORIZING)


def test_rules_of_a_machine_are_told_as_states():
    """`state:confirm` beside `draft > done` would say it twice."""
    table = (row(rules="own, state:confirm", states="draft > done"),)
    assert ("rules", ["own"]) in cells(table, _AUTHORIZING)


def test_the_portal_fits_a_terminal():
    """Rows of the sample portal are at most 125 columns wide, but for the one that asks for most."""
    command = [sys.executable, "-m", "yett.cli", "check", "-C", "examples/portal/contract"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rows = [line.rstrip() for line in output.splitlines() if line.startswith("portal.")]
    assert len(rows) > 60
    wide = [row for row in rows if len(row) > 125]
    assert [row.split()[0] for row in wide] == ["portal.requestRefund"]
    assert "300 s, for one call, 1 approval" in wide[0]
