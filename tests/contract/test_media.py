"""Which media types are JSON."""

from __future__ import annotations

import pytest

from yett.contract.media import admits_json, is_json


@pytest.mark.parametrize(
    ("name", "json", "admits"),
    [
        ("application/json", True, True),
        ("application/problem+json", True, True),
        ("text/json", True, True),
        ("text/json5", False, False),
        ("application/jsonl", False, False),
        ("application/*+json", True, True),
        ("application/*", False, True),
        ("*/*", False, True),
        ("text/*", False, False),
        ("json", False, False),
        ("", False, False),
    ],
)
def test_json_is_known_by_name_and_suffix(name, json, admits):
    """A range may stand for JSON, but is none."""
    assert (is_json(name), admits_json(name)) == (json, admits)
