"""Attributes of principals that the service knows: kept for their time, bounded."""

from __future__ import annotations

from yett.contract.config import PrincipalConfig
from yett.state.enriched import Enriched


def test_attributes_are_good_until_their_time_is_over():
    """What was remembered is answered before `until` and must be asked for from then on."""
    enriched = Enriched(PrincipalConfig())
    assert enriched.enriched("t1", 100.0) is None
    enriched.enrich("t1", {"customer": "c1"}, 160.0)
    assert enriched.enriched("t1", 159.9) == {"customer": "c1"}
    assert enriched.enriched("t1", 160.0) is None
    assert enriched.enriched("t2", 100.0) is None


def test_the_memory_is_bounded():
    """More credentials than there is room for push out the oldest."""
    enriched = Enriched(PrincipalConfig(), most=100)
    for number in range(10_000):
        enriched.enrich(f"t{number}", {}, 1e12)
    assert len(enriched) <= 101
    assert enriched.enriched("t0", 0.0) is None
    assert enriched.enriched("t9999", 0.0) == {}
