"""Refresh tokens are derived: every one of ours is known again, and nobody else's."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import NOW
from kit.oauth import Party

from yett.issuer.grants.refresh_tokens import first_token, is_genuine, read_token, token_of
from yett.state.accounts.grants import find_grant


def begun(server):
    party = Party(server)
    grant = party.grant()
    text = server.store.write(lambda tx: first_token(server, tx, grant, NOW))
    with server.store.read() as tx:
        return find_grant(tx, grant.id), text


def test_a_token_is_the_same_each_time(server):
    """Each generation has one token, another for each; the first is generation nought."""
    grant, text = begun(server)
    assert text == token_of(server, grant, 0) == token_of(server, grant, 0)
    assert len({token_of(server, grant, generation) for generation in range(20)}) == 20


def test_only_what_was_handed_out_is_genuine(server):
    """Not of a later generation, another family, or a family that has ended."""
    grant, text = begun(server)
    shown = read_token(text)
    assert is_genuine(server, grant, shown)
    assert not is_genuine(server, grant, read_token(token_of(server, grant, 1)))
    assert is_genuine(server, msgspec.structs.replace(grant, generation=3), shown)
    other = msgspec.structs.replace(grant, id="x" * 22)
    assert not is_genuine(server, other, shown)
    assert not is_genuine(server, msgspec.structs.replace(grant, key=b""), shown)


def test_the_store_alone_makes_no_token(server):
    """What is in the row is sealed: neither the key nor any token can be read in it."""
    grant, text = begun(server)
    mac = text.rsplit(".", 1)[1].encode()
    assert mac not in grant.key
    assert len(grant.key) == 1 + 12 + 32 + 16


def test_it_shows_in_no_representation(server):
    """What was presented can be logged by mistake without harm."""
    _, text = begun(server)
    assert text.rsplit(".", 1)[1] not in repr(read_token(text))


@given(text=st.text(max_size=120))
def test_any_text_is_read_or_is_none(text):
    """Reading never fails; what it takes has one spelling."""
    shown = read_token(text)
    assert shown is None or text == f"yr_{shown.grant}.{shown.generation}.{shown.mac}"
