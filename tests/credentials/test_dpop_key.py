"""The key that a proof carries: what it may be, and that it is read once."""

from __future__ import annotations

import json

from kit import proofs

from yett.credentials.dpop_key import MAX_KEYS_REMEMBERED, ProofKey, read_key


def test_a_header_is_read_once():
    """A client's header never changes; the second time it is a lookup."""
    raw = json.dumps(proofs.head()).encode()
    first = read_key(raw, proofs.ALGORITHMS)
    assert isinstance(first, ProofKey)
    assert read_key(raw, proofs.ALGORITHMS) is first


def test_the_memory_of_keys_is_bounded():
    """A flood of keys does not grow the memory beyond its bound."""
    for n in range(MAX_KEYS_REMEMBERED + 10):
        read_key(b"%d" % n, proofs.ALGORITHMS)
    assert read_key.cache_info().currsize == MAX_KEYS_REMEMBERED


def test_the_same_header_is_judged_by_the_algorithms_of_the_day():
    """What is remembered for one list of algorithms says nothing about another."""
    raw = json.dumps(proofs.head()).encode()
    assert isinstance(read_key(raw, ("ES256",)), ProofKey)
    assert read_key(raw, ("PS256",)) == "`alg` is not a configured algorithm"
