"""Nonces and the memory of uses of one host, named from the configuration."""

from __future__ import annotations

from yett.contract.identity_settings import DpopConfig
from yett.state.once import open_once

NOW = 1_800_000_000.0


def test_nothing_is_made_before_the_first_proof(tmp_path):
    """A contract folder that nobody may write to is no problem for who uses no proofs."""
    open_once(DpopConfig(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_reload_goes_on_with_the_same_memory(tmp_path):
    """What was used before a reload stays used after it."""
    before = open_once(DpopConfig(), tmp_path)
    assert before.replays.first_use("a", NOW + 60, NOW, NOW)
    nonce = before.nonces.nonce(NOW).decode()
    after = open_once(DpopConfig(max_remembered=2048), tmp_path)
    assert not after.replays.first_use("a", NOW + 60, NOW, NOW)
    assert after.nonces.accepts(nonce, NOW)
