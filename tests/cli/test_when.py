from __future__ import annotations

import pytest

from yett.cli.when import read_time

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", NOW - 90),
        ("15m", NOW - 900),
        ("2h", NOW - 7200),
        ("7d", NOW - 604800),
        ("2w", NOW - 1209600),
        ("1970-01-02", 86400.0),
        ("1970-01-01T01:00", 3600.0),
        ("1970-01-01T01:00:00Z", 3600.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
    ],
)
def test_reads_what_people_type(text, seconds):
    """So long ago, or ISO 8601 in UTC unless it says else."""
    assert read_time(text, NOW) == seconds


@pytest.mark.parametrize(
    "text", ["", "2", "h", "-2h", "2 h", "2y", "٢h", "yesterday", "2026-13-01", "9" * 40 + "s"]
)
def test_refuses_what_is_no_time(text):
    """What cannot be read one way is refused, not guessed at."""
    assert read_time(text, NOW) is None
