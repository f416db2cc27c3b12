"""Names where ids are wanted: what is said, and that the right id is named."""

from __future__ import annotations

import json

import pytest
from kit.account_folder import accounts, yett

__all__ = ["accounts", "yett"]


@pytest.fixture
def shop(yett):
    words = ("client", "add", "Shop", "--redirect", "https://a/cb", "--format", "json")
    return json.loads(yett(*words).stdout)["client_id"]


def test_a_name_for_an_id_is_warned_of(yett, shop):
    """Whoever revokes a client by its name is told that nobody has that id, and which one has."""
    said = yett("token", "revoke", "--client", "shop").stderr
    assert "warning: nothing here has the client id `shop`" in said
    assert f"`yett token revoke --client {shop}`; `yett token restore 1`" in said


def test_a_login_name_for_a_subject_is_warned_of(yett):
    """A login name is no subject; the account's id is named."""
    said = yett("token", "revoke", "--sub", "ana").stderr
    assert "nothing here has the sub id `ana`" in said
    assert "`yett token revoke --sub u_" in said


def test_an_id_that_nobody_has_is_warned_of(yett, shop):
    """Without a name that fits it is said where ids are listed."""
    assert "`yett client list`" in yett("token", "revoke", "--client", "c_none").stderr
    assert "warning" not in yett("token", "revoke", "--client", shop).stderr


def test_ids_of_others_are_taken_as_they_are(yett, shop):
    """Another issuer's ids are unknown here, and so are sessions: nothing is said."""
    elsewhere = ("--issuer", "https://login.example.com")
    assert "warning" not in yett("token", "revoke", "--client", "web", *elsewhere).stderr
    assert "warning" not in yett("token", "revoke", "--sub", "somebody").stderr
    assert "warning" not in yett("token", "revoke", "--sid", "x").stderr
