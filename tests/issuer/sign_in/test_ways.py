"""The other ways to sign in."""

from __future__ import annotations

from kit.accounts import make_server

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.acr import MULTI_FACTOR, PHISHING_RESISTANT
from yett.issuer.pending import Pending
from yett.issuer.sign_in.waiting import Waiting
from yett.issuer.sign_in.ways import only_passkeys, other_ways
from yett.state.accounts.users import User


def test_each_way_carries_what_waits(tmp_path):
    """Providers first, then a password, then recovery; all with the request's id."""
    (tmp_path / "corp.secret").write_text("s\n")
    one = ProviderConfig(
        name="corp", url="https://id.example.org", client_id="c", secret="corp.secret"
    )
    server = make_server(tmp_path, passwords=True, provider=(one,))
    made = other_ways(server, Waiting(r="x"))
    assert made.index("/auth/sign-in/with/corp?r=x") < made.index("/auth/sign-in/password?r=x")
    assert made.index("/auth/sign-in/password?r=x") < made.index("/auth/sign-in/recovery?r=x")


def waits(*acr, user=None):
    pending = Pending(client="app", redirect="https://a/cb", challenge="c", created=0.0, acr=acr)
    return Waiting(r="x", pending=pending, user=user)


def test_what_would_not_be_enough_is_left_out(tmp_path):
    """Nobody signs in for nothing; recovery leads to a new passkey instead."""
    (tmp_path / "corp.secret").write_text("s\n")
    plain = {"url": "https://id.example.org", "client_id": "c", "secret": "corp.secret"}
    weak = ProviderConfig(name="weak", **plain)
    sure = ProviderConfig(name="sure", acr={"2": MULTI_FACTOR}, **plain)
    server = make_server(tmp_path, passwords=True, provider=(weak, sure))
    multi = other_ways(server, waits(MULTI_FACTOR))
    assert "/sign-in/with/sure?r=x" in multi
    assert "/sign-in/password?r=x" in multi
    assert "weak" not in multi
    assert "/sign-in/recovery?to=passkey" in multi
    strong = other_ways(server, waits(PHISHING_RESISTANT))
    assert "sure" not in strong
    assert "password" not in strong


def test_who_has_no_passkey_is_told_where_one_is_made(server):
    """Only where nothing else does; a stranger is told nothing of accounts."""
    ada = User(id="u_a", login="ada")
    assert only_passkeys(server, waits(MULTI_FACTOR), 0) == ""
    assert only_passkeys(server, Waiting(), 0) == ""
    assert "Only a passkey" in only_passkeys(server, waits(PHISHING_RESISTANT), 0)
    assert "Only a passkey" in only_passkeys(server, waits(PHISHING_RESISTANT, user=ada), 1)
    none = only_passkeys(server, waits(PHISHING_RESISTANT, user=ada), 0)
    assert "/auth/account/passkeys/new" in none
