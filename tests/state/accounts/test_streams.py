"""Streams as they are kept, and how far each log was told."""

from __future__ import annotations

import msgspec
from kit.accounts import NOW

from yett.state.accounts.streams import (
    Stream,
    add_stream,
    change_stream,
    drop_stream,
    find_stream,
    list_streams,
    set_told_until,
    told_until,
)

STREAM = Stream(
    id="s",
    client="rx",
    audience="rx",
    method="push",
    bearer=b"\x00\xff",
    events=("a",),
    created=NOW,
)


def test_a_stream_comes_back_as_it_was_put(account_store):
    """With all that it holds, changed and removed by its id."""
    account_store.write(lambda tx: add_stream(tx, STREAM))
    other = msgspec.structs.replace(STREAM, id="t", client="other")
    account_store.write(lambda tx: add_stream(tx, other))
    with account_store.read() as tx:
        assert find_stream(tx, "s") == STREAM
        assert list_streams(tx, "rx") == [STREAM]
        assert len(list_streams(tx)) == 2
    changed = msgspec.structs.replace(STREAM, status="paused", events=())
    account_store.write(lambda tx: change_stream(tx, changed))
    account_store.write(lambda tx: drop_stream(tx, "t"))
    with account_store.read() as tx:
        assert list_streams(tx) == [changed]
        assert find_stream(tx, "t") is None


def test_how_far_was_told_is_kept(account_store):
    """For each log by itself; nothing before the first."""
    with account_store.read() as tx:
        assert told_until(tx, "revocations") is None
    for number in (0, 7):
        account_store.write(lambda tx, n=number: set_told_until(tx, "revocations", n))
    with account_store.read() as tx:
        assert told_until(tx, "revocations") == 7
        assert told_until(tx, "notices") is None
