from __future__ import annotations

import pytest

from yett.records.report import explain, parse_head

GOOD = "ab" * 32


def test_parse_head_reads_what_verify_prints():
    """A head is read back as index and link."""
    assert parse_head(f"41:{GOOD}") == (41, GOOD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "41",
        f"41:{GOOD[:-1]}",
        f"41:{GOOD.upper()}",
        f"-1:{GOOD}",
        f" 41:{GOOD}",
        f"٤:{GOOD}",
        f"{'9' * 21}:{GOOD}",
        f"41:{GOOD}0",
    ],
)
def test_parse_head_takes_one_spelling(text):
    """What is no head is refused, not guessed at."""
    assert parse_head(text) is None


def test_explain_looks_a_bounded_way_ahead():
    """Telling reordered from missing reads a bounded number of lines."""
    taken = iter(b'{"i":%d,' % n for n in range(10**9))
    line = b'{"i":9,"w":"w","s":1,"e":{"time":1.0,"request":""},"h":""}\n'
    kind, message = explain(line, (next(taken) and b"x" for _ in iter(int, 1)), 3)
    assert (kind, message) == ("missing", "record 3 to 8 missing before record 9")
    assert next(taken) <= b'{"i":99999,'
