"""Seals of what is secret: comparable, salted, slow."""

from __future__ import annotations

from yett.state.seals import fits, seal


def test_a_seal_fits_its_own_secret_only():
    """The same secret and salt make the same seal; anything else another."""
    row = {"salt": b"s" * 16, "seal": seal("ab", b"s" * 16)}
    assert fits(row, "ab")
    assert not fits(row, "ac")
    assert not fits(row, "")
    assert not fits({**row, "salt": b"t" * 16}, "ab")


def test_nothing_secret_needs_no_seal():
    """A request without secrets costs no hardening, and fits a row without a seal only."""
    row = {"salt": b"s" * 16, "seal": seal("", b"s" * 16)}
    assert row["seal"] == b""
    assert fits(row, "")
    assert not fits(row, "ab")


def test_a_seal_is_no_plain_digest():
    """The file does not hold a hash that can be tried ten thousand times a millisecond."""
    assert seal("ab", b"s" * 16) != seal("ab", b"t" * 16)
    assert len(seal("ab", b"s" * 16)) == 32
