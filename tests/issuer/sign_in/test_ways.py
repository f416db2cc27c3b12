"""The other ways to sign in."""

from __future__ import annotations

from kit.accounts import make_server

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.sign_in.waiting import Waiting
from yett.issuer.sign_in.ways import other_ways


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
