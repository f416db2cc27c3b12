"""A failed sign-in is put down by account and source; see test_password.py for what is not."""

from __future__ import annotations

from kit.accounts import NOW

from yett.issuer.http import Ask
from yett.issuer.sign_in.failure import failed
from yett.state.accounts.notices import untold

ASK = Ask(method="POST", path="/sign-in/password", now=NOW, source="192.0.2.7")


def test_a_failure_is_a_notice(server, person):
    """Whose account, from where, by which way."""
    for user in (person, None):
        server.store.write(lambda tx, user=user: failed(server, tx, ASK, user, "password"))
    with server.store.read() as tx:
        first, second = [event for _, event in untold(tx)]
    assert (first.kind, first.principal, first.note) == ("sign-in-failed", person.id, "password")
    assert (second.principal, second.principal_kind, second.source) == ("", "", "192.0.2.7")
