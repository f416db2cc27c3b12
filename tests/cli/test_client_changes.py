"""What is done alike to services and applications: one is never taken for the other."""

from __future__ import annotations

import pytest
from kit.account_folder import accounts, yett

from yett.cli.account_place import opened
from yett.cli.client_changes import disable, enable, found_in, rotate

__all__ = ["accounts", "yett"]
NOTHING = {"jwks": None, "certificate": ""}


@pytest.fixture
def shop(yett):
    """The id of an application with a secret."""
    words = ("--redirect", "https://shop.example.com/callback", "--format", "json")
    return yett("client", "add", "Shop", *words).stdout.split('"client_id": "')[1].split('"')[0]


def test_an_application_is_found_as_one(accounts, shop, capsys):
    """As a service it is not there, and the message says where to look."""
    with opened(accounts) as server:
        assert found_in(server, shop, service=False).name == "Shop"
        with pytest.raises(SystemExit):
            found_in(server, shop, service=True)
    assert "is not a service\nhint: see `yett client list`" in capsys.readouterr().err


def test_what_changes_is_read_again(accounts, shop):
    """A client that was read before the change is no reason to write it back as it was."""
    with opened(accounts) as server:
        before = found_in(server, shop, service=False)
        disable(server, before)
        enable(server, before)
        rotated, secret = rotate(server, before, 7, NOTHING)
        assert secret
        assert (rotated.status, len(rotated.secrets)) == ("active", 2)
