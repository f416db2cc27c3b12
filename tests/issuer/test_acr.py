"""The order of assurance."""

from __future__ import annotations

import pytest

from yett.issuer.acr import (
    MULTI_FACTOR,
    ORDER,
    PHISHING_RESISTANT,
    SINGLE_FACTOR,
    reaches,
)


@pytest.mark.parametrize("acr", ORDER)
@pytest.mark.parametrize("wanted", ORDER)
def test_a_stronger_sign_in_does_for_a_weaker_wish(acr, wanted):
    """A value reaches itself and what stands before it, nothing after it."""
    assert reaches(acr, (wanted,)) == (ORDER.index(acr) >= ORDER.index(wanted))


def test_any_of_several_wishes_is_enough():
    """`acr_values` is a list of alternatives; an empty one is reached by everything."""
    assert reaches(MULTI_FACTOR, (PHISHING_RESISTANT, MULTI_FACTOR))
    assert reaches("", ())
    assert reaches(SINGLE_FACTOR, iter(()))


def test_unknown_values_reach_nothing_and_are_not_reached():
    """Neither an unknown sign-in nor an unknown wish passes."""
    assert not reaches("urn:elsewhere:gold", (SINGLE_FACTOR,))
    assert not reaches("", (SINGLE_FACTOR,))
    assert not reaches(PHISHING_RESISTANT, ("urn:elsewhere:gold",))
    assert not reaches(PHISHING_RESISTANT, iter(("urn:elsewhere:gold",)))
