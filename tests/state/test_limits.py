"""GCRA against a slow exact model, under interleavings, floods and a clock that steps."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from yett.policy.model import Limit
from yett.state.limits import Counters

START = 1_800_000_000.0
TEN = Limit("ten", 10, 60, "principal")


def counters(**more):
    return Counters(**{"most": 1000, "origin": START, **more})


def test_the_quota_is_the_burst_and_comes_back_evenly():
    """Ten at once fit, the eleventh waits for one unit, which is six seconds."""
    limiter = counters()
    taken = [limiter.take("ana", TEN, 1, START) for _ in range(11)]
    assert [t.ok for t in taken] == [True] * 10 + [False]
    assert [t.remaining for t in taken] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert taken[9].reset == pytest.approx(60)
    assert taken[10].retry == pytest.approx(6)
    assert not limiter.take("ana", TEN, 1, START + 5.9).ok
    assert limiter.take("ana", TEN, 1, START + 6.0).ok


def test_a_refused_take_costs_nothing():
    """Hammering a full counter does not postpone the next unit."""
    limiter = counters()
    limiter.take("ana", TEN, 10, START)
    for at in range(59):
        limiter.take("ana", TEN, 10, START + at / 10)
    assert limiter.take("ana", TEN, 1, START + 6).ok


def test_subjects_limits_and_operations_do_not_share():
    """Each (limit, operation, subject) has its own counter."""
    limiter = counters()
    other = Limit("other", 1, 60, "principal")
    own = Limit("ten", 1, 60, "principal", "api.op")
    assert limiter.take("ana", TEN, 10, START).ok
    assert limiter.take("bob", TEN, 10, START).ok
    assert limiter.take("ana", other, 1, START).ok
    assert limiter.take("ana", own, 1, START).ok


def test_a_cost_beyond_the_quota_never_fits():
    """What can never fit is refused and does not disturb the counter."""
    limiter = counters()
    assert not limiter.take("ana", TEN, 11, START).ok
    assert limiter.take("ana", TEN, 10, START).ok


def test_ipv6_sources_count_by_network():
    """A whole /64 has one quota; the same text as a principal's id is left alone."""
    limiter = counters()
    limit = Limit("ip", 1, 60, "ip")
    assert limiter.take("ip 2001:db8::1", limit, 1, START).ok
    assert not limiter.take("ip 2001:db8::2", limit, 1, START).ok
    assert limiter.take("ip 2001:db8:0:1::1", limit, 1, START).ok
    assert limiter.take("https://a 2001:db8::2", limit, 1, START).ok
    limiter.give_back("ip 2001:db8::77", limit, 1, START)
    assert limiter.take("ip 2001:db8::3", limit, 1, START).ok


def test_workers_share_a_quota():
    """Each worker gives its part, at least one unit, so that together they never over-admit."""
    four = [counters(workers=4) for _ in range(4)]
    admitted = sum(w.take("ana", TEN, 1, START).ok for w in four for _ in range(10))
    assert admitted == 8
    lone = Limit("one", 1, 60, "principal")
    assert sum(w.take("ana", lone, 1, START).ok for w in four for _ in range(3)) == 4


def test_a_clock_that_steps_back_costs_at_most_one_window():
    """After a step of an hour nobody waits an hour."""
    limiter = counters()
    limiter.take("ana", TEN, 10, START)
    refused = limiter.take("ana", TEN, 1, START - 3600)
    assert not refused.ok
    assert refused.retry <= 6.1
    limiter = counters()
    assert limiter.take("ana", TEN, 1, START - 3600).remaining == 9


@pytest.mark.parametrize("quota", [1, 3, 7, 10, 1000, 999_983])
def test_exactly_the_quota_fits_whatever_the_rounding(quota):
    """No unit is lost or won to floating point."""
    limiter, limit = counters(), Limit("q", quota, 60, "principal")
    step = max(1, quota // 1000)
    admitted = 0
    while limiter.take("ana", limit, step, START + 0.1).ok:
        admitted += step
    assert quota - step < admitted <= quota


def test_the_table_is_bounded_under_random_keys():
    """A million subjects leave `most` counters."""
    limiter = counters(most=10_000)
    for number in range(1_000_000):
        limiter.take(str(number), TEN, 1, START)
    assert len(limiter) <= 10_000


def test_a_busy_counter_survives_a_flood_of_others():
    """Random keys cannot push out a counter that is in use, so they reset nobody's quota."""
    limiter = counters(most=1000)
    for number in range(20_000):
        if number % 400 == 0:
            limiter.take("ana", Limit("once", 20_000, 1e9, "principal"), 1, START)
        limiter.take(str(number), TEN, 1, START)
    taken = limiter.take("ana", Limit("once", 20_000, 1e9, "principal"), 1, START)
    assert taken.remaining == 20_000 - 51


class Model:
    """The same promise with exact arithmetic and no cleverness."""

    def __init__(self, limit):
        self.limit, self.full = limit, None

    def take(self, cost, now):
        window = Fraction(self.limit.window)
        unit = window / Fraction(self.limit.quota)
        level = max(Fraction(0), (self.full or Fraction(now)) - now)
        after = level + unit * cost
        if after > window:
            return False, int((window - level) / unit), after - window
        self.full = now + after
        return True, int((window - after) / unit), Fraction(0)

    def give_back(self, cost):
        if self.full is not None:
            self.full -= Fraction(self.limit.window) / Fraction(self.limit.quota) * cost


STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(1, 4), st.integers(0, 40)), min_size=1, max_size=60
)


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 100), STEPS)
def test_gcra_equals_the_exact_model(quota, window, steps):
    """Takes and returns in any order give the model's answers."""
    limit = Limit("m", quota, window, "principal")
    limiter, model, now = counters(), Model(limit), 0
    held = 0
    for give, cost, pause in steps:
        now += pause
        if give and held >= cost:
            limiter.give_back("ana", limit, cost, START + now)
            model.give_back(cost)
            held -= cost
            continue
        taken = limiter.take("ana", limit, cost, START + now)
        ok, remaining, retry = model.take(cost, now)
        assert (taken.ok, taken.remaining) == (ok, remaining)
        assert taken.retry == pytest.approx(min(float(retry), window), abs=1e-5)
        held += cost if ok else 0


class Interleaving(RuleBasedStateMachine):
    """Several requests take from two limits and give back when the second refuses."""

    def __init__(self):
        super().__init__()
        self.limiter = counters()
        self.limits = (Limit("a", 5, 10, "principal"), Limit("b", 3, 10, "tenant"))
        self.admitted = [0, 0]

    @rule(cost=st.integers(1, 3), subject=st.sampled_from("xy"))
    def request(self, cost, subject):
        taken = []
        for at, limit in enumerate(self.limits):
            if not self.limiter.take("shared", limit, cost, START).ok:
                for earlier in taken:
                    self.limiter.give_back("shared", self.limits[earlier], cost, START)
                return
            taken.append(at)
        self.admitted = [count + cost for count in self.admitted]

    @invariant()
    def nothing_is_lost_or_won(self):
        for limit, admitted in zip(self.limits, self.admitted, strict=True):
            assert admitted <= limit.quota
            probe = self.limiter.take("shared", limit, 0, START)
            assert probe.remaining == limit.quota - admitted


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
