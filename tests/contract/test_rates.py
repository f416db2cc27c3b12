import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.rates import is_limit
from yett.policy.limits import LimitError, parse_limit


def parses(text):
    try:
        parse_limit(text, name="x")
    except LimitError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("10/min per principal", True),
        ("100/15min per ip", True),
        ("1/s per key", True),
        (" 1 / 2 hour per tenant ", True),
        ("10/min", False),
        ("10 per principal", False),
        ("10/fortnight per ip", False),
        ("10/min per planet", False),
        ("-1/min per ip", False),
        ("", False),
        ("\u0661/min per ip", False),
    ],
)
def test_a_limit_has_one_form(text, good):
    """Quota, unit and scope, as the compiler reads them."""
    assert is_limit(text) is good
    assert parses(text) is good


@given(st.text(alphabet="0123/ minsechourdayprkltd", max_size=24))
def test_the_compiler_takes_nothing_that_is_refused_here(text):
    """The form checked here is never stricter than the meaning given there."""
    assert is_limit(text) or not parses(text)
