"""The file of public keys is whole, readable, and written only when it says something new."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest
from kit.accounts import NOW

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.issuer import keys
from yett.issuer.key_file import write_keys
from yett.state.errors import StateError


def test_it_has_the_public_parts_alone(server):
    """Each key with `kid`, `use` and `alg`, and nothing private (RFC 7517 s4)."""
    keys.tick(server, NOW)
    path = server.folder / BUILTIN_KEYS_FILE
    (key,) = json.loads(path.read_bytes())["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["use"], key["alg"]) == ("sig", "ES256")


def test_others_may_read_it_whatever_the_mask(server):
    """The gate may run as another user: mode 0644, also under a strict umask."""
    before = os.umask(0o077)
    try:
        keys.tick(server, NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((server.folder / BUILTIN_KEYS_FILE).stat().st_mode) == 0o644


def test_it_is_written_when_it_differs(server):
    """The same keys leave the file alone; a damaged one is put right."""
    keys.tick(server, NOW)
    path = server.folder / BUILTIN_KEYS_FILE
    assert not write_keys(server)
    path.write_text("{")
    assert write_keys(server)
    assert json.loads(path.read_bytes())["keys"]


def test_a_reader_never_sees_half_of_it(server):
    """While it is written again and again, whoever reads it reads JSON."""
    keys.tick(server, NOW)
    path = server.folder / BUILTIN_KEYS_FILE
    stop, broken = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                json.loads(path.read_bytes())
            except ValueError as error:
                broken.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        keys.follow(server, now=NOW + number, by="x")
        with server.store.read() as tx:
            kid = keys.public_set(tx)["keys"][0]["kid"]
        keys.remove_key(server, kid, now=NOW + number, reason="x", by="x")
    stop.set()
    reader.join()
    assert not broken
    assert [one.name for one in path.parent.glob(".*jwks*")] == [], "no draft is left"


def test_what_cannot_be_written_is_said(server):
    """A folder in its place: an error with the path, and no draft left."""
    path = server.folder / BUILTIN_KEYS_FILE
    path.mkdir(parents=True)
    with pytest.raises(StateError) as caught:
        keys.tick(server, NOW)
    assert str(path) in str(caught.value)
