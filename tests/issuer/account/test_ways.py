"""Ways into an account, counted."""

from __future__ import annotations

import pytest

from yett.issuer.account.ways import Ways

NONE = {"passkeys": 0, "codes": 0, "links": 0, "password": False}


@pytest.mark.parametrize(
    ("ways", "others", "enough"),
    [
        ({"passkeys": 1}, False, False),
        ({"passkeys": 2}, False, True),
        ({"passkeys": 1, "codes": 1}, True, True),
        ({"codes": 10}, True, False),
        ({"passkeys": 1, "links": 1}, True, True),
        ({"passkeys": 1, "password": True}, True, True),
        ({}, False, False),
    ],
)
def test_two_different_things_are_enough(ways, others, enough):
    """Ten recovery codes lie in one drawer: they are one way."""
    counted = Ways(**{**NONE, **ways})
    assert (counted.others(), counted.enough()) == (others, enough)
