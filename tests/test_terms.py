"""The nouns: frozen, and secrets that stay secret."""

from __future__ import annotations

import copy
import pickle

import msgspec
import pytest

from yett.terms import ANONYMOUS, Event, Secret


def test_a_secret_does_not_leak():
    """Neither repr, str, JSON, pickle nor copy shows the value."""
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    for leak in (pickle.dumps, copy.copy, msgspec.json.encode, hash):
        with pytest.raises(TypeError):
            leak(secret)


def test_a_secret_compares_in_constant_time():
    """Equality is `hmac.compare_digest`, with bytes by name only."""
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != b"a"
    assert Secret("a").matches(b"a")
    assert not Secret("a").matches(b"")


def test_values_do_not_change():
    """A principal cannot be edited after it was proven."""
    with pytest.raises(AttributeError):
        ANONYMOUS.id = "root"


def test_an_event_is_compact():
    """What is empty is not written."""
    assert msgspec.json.encode(Event(time=1.0, request="r")) == b'{"time":1.0,"request":"r"}'
