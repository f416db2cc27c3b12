"""Remembered tokens: bounded by count and by bytes."""

from __future__ import annotations

from yett.credentials.verifier import Verified
from yett.state.tokens import RememberedTokens

SOMEBODY = Verified(None, "https://a", "k")


def test_what_is_remembered_is_found_by_its_exact_bytes():
    """One other byte is another token."""
    tokens = RememberedTokens()
    tokens.remember(b"abc", SOMEBODY, 5.0)
    assert tokens.table.get(b"abc") == (5.0, SOMEBODY)
    assert tokens.table.get(b"abcA") is None


def test_memory_is_bounded_by_bytes():
    """Big tokens turn the generations before their number does."""
    tokens = RememberedTokens(most=1_000_000, most_bytes=80_000)
    for number in range(1000):
        tokens.remember(b"%08d" % number * 1000, SOMEBODY, 1.0)
    held = sum(map(len, [*tokens.table.young, *tokens.table.old]))
    assert held <= 80_000 + 16_000


def test_memory_is_bounded_by_count():
    """Many small tokens are bounded too."""
    tokens = RememberedTokens(most=100)
    for number in range(10_000):
        tokens.remember(b"%d" % number, SOMEBODY, 1.0)
    assert len(tokens) <= 100


def test_a_token_in_use_survives_the_turn():
    """Recalling a token of the old generation keeps it for another one."""
    tokens = RememberedTokens(most=10)
    tokens.remember(b"mine", SOMEBODY, 1.0)
    for number in range(100):
        tokens.remember(b"%d" % number, SOMEBODY, 1.0)
        assert tokens.table.young.get(b"mine") or tokens.recall(b"mine")


def test_clear_forgets_everything():
    """After a key is retired nothing it signed is known."""
    tokens = RememberedTokens()
    tokens.remember(b"abc", SOMEBODY, 5.0)
    tokens.clear()
    assert tokens.recall(b"abc") is None
    assert len(tokens) == 0
