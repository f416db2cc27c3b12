"""An operation gets the steps it needs and pays for no other."""

from __future__ import annotations

from kit.engine import ENFORCED, operation, program

from yett.terms import Mode


def numbers(**changes):
    (plan,) = program(operation(**changes)).plans.values()
    return [number for number, _ in plan.steps]


def test_a_plain_get_has_no_body_steps():
    """No parameters, no body, no text: hygiene, limits, credential and scopes are left."""
    assert numbers() == [2, 3, 4, 5, 6, 7]  # 6: where tokens may be bound, proofs are used up


def test_everything_declared_is_checked_in_order():
    """Steps stand in the order of their numbers."""
    found = numbers(parameters=print, body=print, text=print, sensitive=True, concurrency=1)
    assert found == [2, 3, 4, 5, 6, 6, 7, 8, 8, 9, 13]


def test_rules_that_are_off_are_left_out():
    """Only hygiene, which has no mode, stays."""
    assert numbers(modes=dict.fromkeys(ENFORCED, Mode.OFF)) == [2]
