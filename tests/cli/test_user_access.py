"""How somebody gets in, seen and ended from outside; the fixtures are those of test_user.py."""

from __future__ import annotations

import json

import pytest
from cli.test_user import folder, run, sign_in

from yett.cli.account_place import opened
from yett.state.accounts.links import find_link
from yett.state.accounts.passkeys import Passkey, add_passkey
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import find_login

__all__ = ["folder", "run"]


def give_passkey(folder, login):
    """Give somebody a passkey."""
    with opened(folder) as server:

        def work(tx):
            user = find_login(tx, login)
            add_passkey(
                tx,
                Passkey(id="cGFzc2tleQ", user=user.id, public_key=b"secret cose", label="Laptop"),
            )

        server.store.write(work)


def test_passkeys_are_listed_and_revoked(run, folder):
    """Revoking one ends the sessions, too: it may have been stolen with its device."""
    run("add", "ana")
    sign_in(folder, "ana")
    give_passkey(folder, "ana")
    done = run("passkeys", "ana", "--format", "json")
    (row,) = json.loads(done.stdout)
    assert (row["id"], row["label"]) == ("cGFzc2tleQ", "Laptop")
    assert "cose" not in done.stdout
    run("passkeys", "ana", "--revoke", "cGFzc2tleQ")
    assert run("passkeys", "ana").stdout == ""
    with opened(folder) as server, server.store.read() as tx:
        assert list_sessions(tx, find_login(tx, "ana").id, server.clock()) == []


def test_another_persons_passkey_is_not_revoked(run, folder):
    """A passkey is named together with its owner."""
    run("add", "ana")
    run("add", "ben")
    give_passkey(folder, "ana")
    done = run("passkeys", "ben", "--revoke", "cGFzc2tleQ", code=2)
    assert "`ben` has no passkey `cGFzc2tleQ`" in done.stderr
    assert "Laptop" in run("passkeys", "ana").stdout


def test_sessions_are_listed_and_ended(run, folder):
    """One by its id, or all; the digest of a cookie is not shown."""
    run("add", "ana")
    for _ in range(3):
        sign_in(folder, "ana")
    rows = json.loads(run("sessions", "ana", "--format", "json").stdout)
    assert {row["source"] for row in rows} == {"192.0.2.7"}
    assert all("digest" not in row for row in rows)
    run("sessions", "ana", "--end", rows[0]["id"])
    assert len(run("sessions", "ana").stdout.splitlines()) == 2
    assert "ana: 2 sessions ended" in run("sessions", "ana", "--end-all").stderr
    assert run("sessions", "ana").stdout == ""
    assert "has no session" in run("sessions", "ana", "--end", rows[0]["id"], code=2).stderr


def test_somebody_is_linked_by_hand(run, folder):
    """From then on they can sign in at the provider; an invited account is active."""
    run("add", "ana")
    run("link", "ana", "--provider", "corp", "--subject", "248289761001")
    with opened(folder) as server, server.store.read() as tx:
        user = find_login(tx, "ana")
        link = find_link(tx, "https://login.example.com", "248289761001")
    assert (link.user, user.status) == (user.id, "active")
    run("add", "ben")
    done = run("link", "ben", "--provider", "corp", "--subject", "248289761001", code=2)
    assert f"linked to the account `{user.id}`" in done.stderr
    run("link", "ana", "--provider", "corp", "--subject", "248289761001", "--remove")
    done = run("link", "ana", "--provider", "corp", "--subject", "248289761001", "--remove", code=2)
    assert "is not linked" in done.stderr


@pytest.mark.parametrize("command", ["passkeys", "sessions"])
def test_nobody_has_nothing(run, command):
    """An unknown name is a mistake, not an empty list."""
    assert "there is no account `x`" in run(command, "x", code=2).stderr
