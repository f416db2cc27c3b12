"""Applications by the command line: what they may be, and what is refused."""

from __future__ import annotations

import json

import pytest
from kit.account_folder import accounts, yett

__all__ = ["accounts", "yett"]


def test_an_application_with_a_secret(yett):
    """Its id and secret are made here; what it may do is what was said."""
    words = ("--redirect", "https://a.example/cb", "--scope", "openid", "--scope", "orders:read")
    shown = json.loads(yett("client", "add", "Shop", *words, "--format", "json").stdout)
    assert shown["client_id"].startswith("c_")
    assert shown["client_secret"].startswith("ycs_")
    assert (shown["kind"], shown["auth"]) == ("confidential", "client_secret_basic")
    assert shown["grants"] == ["authorization_code", "refresh_token"]
    assert shown["redirects"] == ["https://a.example/cb"]


def test_a_public_application_has_no_secret(yett):
    """`--auth none`: the id is printed, and there is nothing to rotate."""
    words = ("--auth", "none", "--redirect", "com.example.phone:/callback")
    done = yett("client", "add", "Phone", *words)
    identifier = done.stdout.strip()
    assert identifier.startswith("c_")
    assert "ycs_" not in done.stdout + done.stderr
    assert "has no secret" in yett("client", "rotate", identifier, code=2).stderr
    assert "public" in yett("client", "list", "--format", "json").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "`authorization_code` needs a redirect URI"),
        (("--redirect", "http://a.example/cb"), "`http://a.example/cb` cannot be a redirect URI"),
        (("--redirect", "https://a/cb", "--scope", "x"), "the vocabulary has no scope `x`"),
        (("--redirect", "https://a/cb", "--grant", "password"), "password"),
        (("--redirect", "https://a/cb", "--owner", "nobody"), "there is no user `nobody`"),
        (
            ("--auth", "none", "--grant", "client_credentials"),
            "a public client cannot use `client_credentials`",
        ),
    ],
)
def test_mistakes_are_told_with_a_next_step(yett, words, said):
    """Exit code 2, one line, a hint, and nothing made."""
    done = yett("client", "add", "Shop", *words, code=2)
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert json.loads(yett("client", "list", "--format", "json").stdout) == []


def test_disabled_and_enabled(yett):
    """The list says so; a service command does not take it."""
    identifier = json.loads(
        yett(
            "client", "add", "Shop", "--redirect", "https://a/cb", "--owner", "ana",
            "--format", "json",
        ).stdout
    )["client_id"]  # fmt: skip
    assert "0 grants ended" in yett("client", "disable", identifier).stderr
    assert f"{identifier}  disabled" in yett("client", "list").stdout
    yett("client", "enable", identifier)
    assert f"{identifier}  active" in yett("client", "list").stdout
    assert "is not a service" in yett("service", "disable", identifier, code=2).stderr
    assert yett("client", "rotate", identifier).stdout.startswith("ycs_")
