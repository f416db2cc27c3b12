import json

import jsonschema_rs
import pytest

from yett.cli.output import as_json, as_sarif, as_text, count, printable
from yett.terms import Finding

FINDINGS = (
    Finding(
        rule="openapi-ref",
        severity="error",
        message="m",
        path="a b.yaml",
        line=3,
        hint="h",
        subject="#/x",
    ),
    Finding(
        rule="schema-ref",
        severity="warning",
        message="n",
        path="/abs/a.json",
        line=1,
        subject="#/y",
    ),
    Finding(rule="not-in-the-table", severity="note", message="o"),
)
# The parts of sarif-schema-2.1.0.json that a log of ours uses.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {"driver": {"required": ["name", "rules"]}},
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"required": ["text"]},
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {"format": "uri-reference"}
                                                        }
                                                    },
                                                    "region": {
                                                        "properties": {"startLine": {"minimum": 1}}
                                                    },
                                                },
                                            }
                                        }
                                    }
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}


def test_text_has_place_severity_rule_and_hint():
    """One line each, the pointer where the line says nothing, and the count."""
    assert as_text(FINDINGS).splitlines() == [
        "a b.yaml:3: error openapi-ref: m",
        "    hint: h",
        "/abs/a.json:1: warning schema-ref: n (#/y)",
        "note not-in-the-table: o",
        "1 error, 1 warning, 1 note",
    ]


def test_what_is_not_shown_is_counted():
    """The last line is about everything that was found."""
    assert as_text((), FINDINGS) == "1 error, 1 warning, 1 note"


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "nothing found"),
        ({"error": 0}, "nothing found"),
        ({"error": 2}, "2 errors"),
        ({"note": 1234}, "1,234 notes"),
    ],
)
def test_counts(counts, text):
    """Singular, plural, and nothing."""
    assert count(counts) == text


def test_json_has_every_field():
    """A program gets what a person gets, and more."""
    made = json.loads(as_json(FINDINGS, operations=3))
    assert made["operations"] == 3
    assert made["findings"][0] == {
        "rule": "openapi-ref",
        "severity": "error",
        "message": "m",
        "path": "a b.yaml",
        "line": 3,
        "hint": "h",
        "subject": "#/x",
    }


def test_sarif_is_a_valid_log():
    """Version, tool, rules, levels and locations as OASIS wants them."""
    log = json.loads(as_sarif(FINDINGS))
    jsonschema_rs.validator_for(SARIF, validate_formats=True).validate(log)
    run = log["runs"][0]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == [
        "not-in-the-table",
        "openapi-ref",
        "schema-ref",
    ]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"][:2]]
    assert [p["artifactLocation"]["uri"] for p in places] == ["a%20b.yaml", "file:///abs/a.json"]
    assert places[0]["region"] == {"startLine": 3}
    assert run["results"][2]["locations"] == []


def test_no_file_writes_to_the_terminal():
    """Control characters of a document do not reach the screen (CWE-150)."""
    assert printable("a\x1b[2Jb\nc\u202e") == "a\ufffd[2Jb\ufffdc\ufffd"
