"""What a request under way is to a pool."""

from __future__ import annotations

from yett.wire.errand import Errand, Failure


def test_a_fresh_errand_wants_nothing_special():
    """The zero value carries no body, expects no switch and holds no link."""
    errand = Errand()
    assert (errand.payload, errand.bodiless, errand.upgrading, errand.more) == (
        b"",
        False,
        False,
        False,
    )
    assert errand.link is None
    assert not errand.given_up


def test_unheard_news_is_no_error():
    """Every callback may be left out."""
    errand = Errand()
    errand.upstream_ready()
    errand.upstream_body(b"", complete=True)
    errand.upstream_bytes(b"")
    errand.upstream_writable(writable=False)
    errand.upstream_failed(Failure.BUSY, "")
    assert all(failure.value for failure in Failure)
