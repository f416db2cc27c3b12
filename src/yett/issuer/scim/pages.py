"""Which page of a list is asked for (RFC 7644 s3.4.2.4); never more than `MAX_AT_ONCE` at once."""

from __future__ import annotations

from typing import Any

from scim2_models import SearchRequest

from yett.state.accounts.search import MAX_AT_ONCE, Page

DEFAULT_COUNT = 100
MAX_START = 10_000_000


def page_of(asked: SearchRequest[Any], sort: str) -> Page:
    """Return the page; an index below one is one, and a count below nothing is nothing."""
    count = DEFAULT_COUNT if asked.count is None else asked.count
    start = min(max(asked.start_index or 1, 1), MAX_START)
    return Page(
        skip=start - 1,
        limit=min(max(count, 0), MAX_AT_ONCE),
        sort=sort,
        descending=asked.sort_order == "descending",
    )
