"""API keys beside the store: read for the lifecycle, marked when they ended."""

from __future__ import annotations

import msgspec
from kit.accounts import NOW
from kit.lives import Lives

from yett.issuer.lifecycle.keys import mark_keys, read_keys


def test_only_the_named_are_marked_and_once(tmp_path):
    """The first time of a revocation stays; other keys are untouched."""
    lives = Lives(tmp_path)
    one, other = lives.key("ada"), lives.key("ada")
    mark_keys(lives.server, (one.id,), NOW)
    mark_keys(lives.server, (one.id,), NOW + 5)
    assert {key.id: key.revoked for key in read_keys(lives.server)} == {one.id: NOW, other.id: 0.0}


def test_without_a_file_there_are_none(tmp_path):
    """Where no API keys are configured nothing is read or made."""
    lives = Lives(tmp_path)
    identity = msgspec.structs.replace(lives.server.config.identity, keys="")
    lives.server.config = msgspec.structs.replace(lives.server.config, identity=identity)
    assert read_keys(lives.server) == ()
    mark_keys(lives.server, (), NOW)
    assert not (tmp_path / "keys.json").exists()
