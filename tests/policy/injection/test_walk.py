"""The walk: depth costs no recursion, and no request costs more than its budget."""

from __future__ import annotations

import time

from yett.policy.injection.spots import Spot, bind
from yett.policy.injection.walk import MAX_SCANNED_CHARS, TOO_MUCH_TEXT, Walk
from yett.terms import Mode

SQL = "' or 1=1 --"


def visit(detectors, value, mode=Mode.ENFORCE):
    walk, spot = Walk(), Spot(mode, "plain")
    bind([spot], detectors)
    walk.visit(spot, value, None)
    return walk.hit


def test_depth_is_no_recursion(detectors):
    """A value nested 100,000 deep is walked to its end."""
    value: object = SQL
    for _ in range(100_000):
        value = [value]
    hit = visit(detectors, value)
    assert hit is not None
    assert hit[0].count("/0") == 100_000


def test_text_beyond_the_budget_is_a_hit(detectors):
    """What was not read does not pass for clean; what fits is read to the end."""
    words = "all quiet, nothing to see here. "
    fits = words * ((MAX_SCANNED_CHARS - 100) // len(words))
    assert visit(detectors, [fits]) is None
    assert visit(detectors, [fits, words * 10])[1] == TOO_MUCH_TEXT
    assert visit(detectors, [fits + SQL])[1] != TOO_MUCH_TEXT


def test_many_short_strings_are_charged_too(detectors):
    """Tens of thousands of tiny values are not free."""
    assert visit(detectors, ["a b"] * 50_000)[1] == TOO_MUCH_TEXT
    assert visit(detectors, ["a b"] * 1_000) is None


def test_identifiers_cost_no_budget(detectors):
    """A long list of ids is no text."""
    assert visit(detectors, [f"id-{n}" for n in range(50_000)]) is None


def test_the_walk_ends_at_an_enforced_hit(detectors):
    """After a refusal nothing more is read."""
    begin = time.thread_time()
    assert visit(detectors, [SQL, *(["{{ a ( b"] * 200_000)]) == (
        "/0",
        visit(detectors, SQL)[1],
        Mode.ENFORCE,
    )
    assert time.thread_time() - begin < 2


def test_an_observed_spot_reports_the_first_hit(detectors):
    """In observe mode the first hit stays."""
    hit = visit(detectors, {"a": "fine"} | {"b": SQL}, Mode.OBSERVE)
    assert hit is not None
    assert hit[2] is Mode.OBSERVE
