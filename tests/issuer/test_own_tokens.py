from __future__ import annotations

import pytest
from kit.accounts import NOW, make_server
from kit.hostile import compact, es
from kit.oauth import KEY, Party, claims_of, header_of

from yett.issuer.own_tokens import is_alive, read_own
from yett.issuer.tokens import ACCESS, IDENTITY, sign


@pytest.fixture
def party(server):
    return Party(server)


def read(server, text, typ=ACCESS, now=NOW):
    with server.store.read() as tx:
        return read_own(server, tx, text, typ, now)


def test_read(server, party):
    """What we signed is read, by its type alone, expired or not."""
    text = party.exchange()["access_token"]
    assert read(server, text) == claims_of(text)
    assert read(server, text, now=NOW + 9999) == claims_of(text)
    assert read(server, text, IDENTITY) is None


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "yr_x", "\ud800", "é.é.é", "." * 20000])
def test_junk(server, text):
    """Anything else is nothing, also before there is a key."""
    assert read(server, text) is None


def test_other_signers(server, party, tmp_path):
    """Our claims under another key, and another issuer's under theirs, are not ours."""
    text = party.exchange()["access_token"]
    forged = compact(header_of(text), claims_of(text), lambda message: es(KEY, message)).decode()
    assert read(server, forged) is None
    other = make_server(tmp_path / "other", url="https://other.example.com")
    assert read(server, Party(other).exchange()["access_token"]) is None
    other.store.close()


def test_another_issuer_by_our_key(server, party):
    """`iss` counts even where the signature is ours."""
    claims = {**claims_of(party.exchange()["access_token"]), "iss": "https://other.example.com"}
    text = server.store.write(lambda tx: sign(server, tx, claims, ACCESS, NOW))
    assert read(server, text) is None


def test_subjects_that_are_gone(server, party):
    """A token of nobody who is known, or of an unknown client or family, is dead."""
    claims = claims_of(party.exchange()["access_token"])
    with server.store.read() as tx:
        assert is_alive(server, tx, claims, NOW)
        for name in ("sub", "client_id", "grant"):
            assert not is_alive(server, tx, {**claims, name: "gone"}, NOW), name
