"""Patterns run in bounded time, in the dialect the contract is written in."""

from __future__ import annotations

import time

import jsonschema_rs
import pytest

from yett.contract.report import Report
from yett.policy.model import BodyRead, Fault
from yett.policy.patterns import DIALECT, FANCY_OPTIONS, MAX_FANCY_CHARACTERS, Power, weigh
from yett.policy.rules import SCHEMA_PATTERN
from yett.policy.shapes import compile_shapes


@pytest.mark.parametrize(
    ("pattern", "power"),
    [
        ("^[a-z]+$", Power.LINEAR),
        (r"^\d{4}-\p{L}+$", Power.LINEAR),
        ("(a+)+$", Power.LINEAR),
        ("^(?=.*[0-9]).{8,}$", Power.FANCY),
        (r"^(a)\1$", Power.FANCY),
        ("(?<!a)b", Power.FANCY),
        (r"\000", Power.INVALID),
        ("[", Power.INVALID),
        (r"\Aab\Z", Power.INVALID),
        ("(x{1,500}){1,500}", Power.INVALID),
        ("a" * 5000, Power.INVALID),
    ],
)
def test_weighed(pattern, power):
    """A pattern is linear, needs backtracking, or cannot be run."""
    assert weigh(pattern) is power


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^[a-z]+$", "abc", True),
        ("^[a-z]+$", "abc\n", False),
        (r"^\d+$", "٣", False),
        (r"^\w+$", "é", False),
        ("b", "abc", True),
    ],
)
def test_ecma_semantics(pattern, text, fits, new_body):
    """Where Python's `re` differs from ECMA-262 the gate follows the contract, not Python."""
    found = new_body({"type": "string", "pattern": pattern})(text)
    assert isinstance(found, BodyRead) == fits


def test_the_length_is_looked_at_first():
    """A long text never reaches the backtracking engine: the cap ends the check before it."""
    schema = {"$schema": DIALECT, "pattern": "(?=(a+)+$)a", "maxLength": MAX_FANCY_CHARACTERS}
    validator = jsonschema_rs.Draft202012Validator(
        schema, offline=True, pattern_options=FANCY_OPTIONS
    )
    validator.is_valid("a")
    for size in (MAX_FANCY_CHARACTERS, 1_000_000):
        start = time.thread_time()
        assert not validator.is_valid("a" * (size - 1) + "!")
        assert time.thread_time() - start < 0.005


def test_backtracking_patterns_are_capped_and_said(new_api):
    """A look-ahead still serves, on texts up to the cap, and a warning names it."""
    report = Report()
    schema = {"type": "string", "pattern": "^(?=.*[0-9]).{3,}$"}
    shapes = compile_shapes(new_api(schema), report=report)
    read = shapes["x.op"].body
    assert isinstance(read(b'"ab1"', b"application/json"), BodyRead)
    assert isinstance(read(b'"abc"', b"application/json"), Fault)
    assert isinstance(read(b'"' + b"1" * 300 + b'"', b"application/json"), Fault)
    assert [remark.rule for remark in report.remarks] == [SCHEMA_PATTERN]


def test_patterns_that_cannot_run_are_dropped_and_said(new_api):
    """One bad pattern does not sink the contract; it is not checked, and a warning names it."""
    schema = {"type": "string", "pattern": "[", "maxLength": 3}
    report = Report()
    shapes = compile_shapes(new_api(schema), report=report)
    read = shapes["x.op"].body
    assert isinstance(read(b'"abc"', b"application/json"), BodyRead)
    assert isinstance(read(b'"abcd"', b"application/json"), Fault)
    assert "`[`" in report.remarks[0].message


def test_names_by_bad_patterns_are_unknown(new_api):
    """`patternProperties` that cannot run declare nothing: the names stay unknown."""
    shapes = compile_shapes(new_api({"properties": {}, "patternProperties": {"(?=a)a": {}}}))
    assert shapes["x.op"].body(b'{"a":1}', b"application/json").code == "unknown"
