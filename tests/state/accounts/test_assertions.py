"""Signatures held against the store: whose passkey, which counter, what the ledger is told."""

from __future__ import annotations

import pytest
from kit.accounts import account_store, postgresql_url
from kit.authenticator import BE, UP, UV, Authenticator, client_data
from msgspec.structs import replace
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import encode, read_assertion
from yett.credentials.passkeys.signature import Seen, site_of
from yett.state.accounts.assertions import COPIED, SOMEBODY_ELSE, note_refused, see, use
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import Passkey, add_passkey, find_passkey, revoke_passkey
from yett.state.accounts.users import add_user

__all__ = ["account_store", "postgresql_url"]

NOW = 1_800_000_000.0
SITE = site_of("https://api.example.com/auth")


@pytest.fixture
def owned(account_store):
    """An authenticator and the row of its passkey."""
    user = account_store.write(lambda tx: add_user(tx, login="dora", now=NOW))
    made = Authenticator(user=user.id)
    row = Passkey(id=encode(made.id), user=user.id, public_key=encode_cbor(made.cose()))
    account_store.write(lambda tx: add_passkey(tx, row))
    return made, row


def seen(made, row, *, user=None, **parts):
    shown = read_assertion(made.sign(client_data(b"c" * 32), **parts))
    return see(SITE, row, shown, b"c" * 32, user=row.user if user is None else user)


def test_an_owner_is_seen(owned):
    """With and without being named; without a name the passkey must name its owner."""
    made, row = owned
    assert isinstance(seen(made, row), Seen)
    assert isinstance(seen(made, row, user=""), Seen)
    assert isinstance(seen(*owned, user=row.user), Seen)


def test_a_passkey_of_somebody_else_is_refused(owned):
    """Neither under another's name, nor naming another."""
    made, row = owned
    assert seen(made, row, user="u_other") == SOMEBODY_ELSE
    assert seen(made, replace(row, user="u_other")) == SOMEBODY_ELSE


def test_a_passkey_does_not_become_copyable(owned):
    """Whether it may be copied is fixed when it is made (s7.2 step 18)."""
    assert "may be copied" in seen(*owned, flags=UP | UV | BE)


def test_a_counter_moves_once(account_store, owned):
    """Of two uses that were read at the same count one is taken; an older one is a copy."""
    _, row = owned
    at = [Seen(5, backup_eligible=False, backed_up=False), Seen(4, False, False)]
    assert account_store.write(lambda tx: use(tx, row, at[0], NOW)) == ""
    assert "at the same time" in account_store.write(lambda tx: use(tx, row, at[0], NOW))
    with account_store.read() as tx:
        moved = find_passkey(tx, row.id)
    assert account_store.write(lambda tx: use(tx, moved, at[1], NOW)) == COPIED


def test_a_passkey_that_is_revoked_meanwhile_is_not_used(account_store, owned):
    """Revoked between reading and using: the use fails."""
    _, row = owned
    account_store.write(lambda tx: revoke_passkey(tx, row.user, row.id, NOW))
    assert account_store.write(lambda tx: use(tx, row, Seen(1, False, False), NOW))


def test_the_ledger_learns_of_refusals(account_store, owned):
    """A copied key under a name of its own."""
    _, row = owned
    for reason in (COPIED, SOMEBODY_ELSE):
        account_store.write(lambda tx, reason=reason: note_refused(tx, "i", row, reason, NOW))
    with account_store.read() as tx:
        told = [(event.kind, event.note, event.principal) for _, event in untold(tx)]
    assert told == [
        ("passkey-cloned", COPIED, row.user),
        ("passkey-refused", SOMEBODY_ELSE, row.user),
    ]
