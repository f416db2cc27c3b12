from __future__ import annotations

import sqlite3

from yett.cli.demo.house import PEOPLE, House


def made(calls):
    def call(*words):
        calls.append(words)
        name = words[2]
        return {"id": f"u_{name}", "link": "l", "client_id": f"c_{name}", "client_secret": "s"}

    return call


def test_everybody_is_invited_and_the_service_has_an_owner():
    """Accounts come first: the service's owner is one of them; its tokens are bound."""
    calls = []
    House(made(calls), 1).invite()
    assert {words[2] for words in calls if words[:2] == ("user", "add")} == {
        f"{name}@example.com" for name in PEOPLE
    }
    assert calls[-1][:2] == ("service", "add")
    assert "--bound" in calls[-1]


def test_the_portal_learns_whose_account_is_whose(tmp_path):
    """By the login name, which is the address that the portal has."""
    base = sqlite3.connect(tmp_path / "portal.db")
    with base:
        base.execute("CREATE TABLE customers (id INTEGER, email TEXT, account TEXT)")
        base.execute("INSERT INTO customers VALUES (1, 'ada@example.com', NULL)")
    house = House(made([]), 1)
    house.invite()
    house._introduce(tmp_path / "portal.db")
    assert base.execute("SELECT account FROM customers").fetchall() == [("u_ada@example.com",)]
    base.close()
