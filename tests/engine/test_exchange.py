"""The working state of one request."""

from __future__ import annotations

from kit.engine import operation, program, request


def test_release_leaves_every_counter_once(run, view):
    """Whatever happened, concurrency counters come back to zero, and only once."""
    bound = program(operation(concurrency=2), concurrency=5)
    _, x, _ = run(bound, request(authorization=b"Bearer good"))
    assert sum(view.inside.values()) == 2
    x.release()
    x.release()
    assert set(view.inside.values()) == {0}


def test_nothing_is_shared_between_requests(run):
    """A second request does not see the first one's principal or proofs."""
    bound = program(operation())
    _, first, _ = run(bound, request(authorization=b"Bearer good"))
    _, second, _ = run(bound, request())
    assert first.proven
    assert second.proven == {}
    assert second.principal.id == ""
