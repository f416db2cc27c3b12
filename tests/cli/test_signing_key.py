"""The issuer's keys by the command line: seen, followed early, removed when stolen."""

from __future__ import annotations

import json
import time

from kit.account_folder import accounts, yett

from yett.cli.account_place import opened
from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.issuer import keys
from yett.state.accounts.revocations import in_force

__all__ = ["accounts", "yett"]


def listed(yett):
    return json.loads(yett("signing-key", "list", "--format", "json").stdout)


def test_keys_are_seen_without_their_secrets(yett, accounts):
    """Which there are, which one signs, since when."""
    with opened(accounts) as server:
        keys.tick(server, time.time())
    (key,) = listed(yett)
    assert key["state"] == "active"
    assert set(key) == {"kid", "algorithm", "state", "created", "active", "retired"}
    assert key["kid"] in yett("signing-key", "list").stdout


def test_a_rotation_can_begin_early(yett):
    """The next key is published and waits; a second try makes no third."""
    yett("signing-key", "rotate")
    yett("signing-key", "rotate")
    assert sorted(key["state"] for key in listed(yett)) == ["active", "published"]


def test_a_stolen_key_is_gone_at_once(yett, accounts):
    """Out of the published file, revoked, and another one signs."""
    with opened(accounts) as server:
        keys.tick(server, time.time())
    (stolen,) = listed(yett)
    yett("signing-key", "remove", stolen["kid"], "--reason", "copied backup")
    (other,) = listed(yett)
    assert other["state"] == "active"
    published = json.loads((accounts / BUILTIN_KEYS_FILE).read_bytes())["keys"]
    assert [key["kid"] for key in published] == [other["kid"]]
    with opened(accounts) as server, server.store.read() as tx:
        (row,) = in_force(tx, time.time())
    assert (row.kind, row.value, row.reason) == ("kid", stolen["kid"], "copied backup")


def test_a_key_that_is_not_there_is_said(yett):
    """A wrong id is the user's mistake, with a next step."""
    done = yett("signing-key", "remove", "k_nothing", "--reason", "x", code=2)
    assert "there is no signing key `k_nothing`" in done.stderr
    assert "hint: see `yett signing-key list`" in done.stderr
