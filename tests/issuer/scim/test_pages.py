"""Pages are bounded, whatever is asked for."""

import pytest
from scim2_models import SearchRequest

from yett.issuer.scim.models import Person
from yett.issuer.scim.pages import DEFAULT_COUNT, MAX_START, page_of
from yett.state.accounts.search import MAX_AT_ONCE


@pytest.mark.parametrize(
    ("asked", "skip", "limit"),
    [
        ({}, 0, DEFAULT_COUNT),
        ({"startIndex": "0", "count": "0"}, 0, 0),
        ({"startIndex": "-9", "count": "-9"}, 0, 0),
        ({"startIndex": "11", "count": "10"}, 10, 10),
        ({"startIndex": str(2**80), "count": str(2**80)}, MAX_START - 1, MAX_AT_ONCE),
    ],
)
def test_a_page_has_bounds(asked, skip, limit):
    """Below one is one, below nothing is nothing, and beyond the most is the most."""
    page = page_of(SearchRequest[Person].model_validate(asked), "")
    assert (page.skip, page.limit) == (skip, limit)
