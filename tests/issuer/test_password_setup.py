"""Choosing a password; most of it is shown in test_enrol_password.py and account/test_password.py."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.factors import PASSWORD, make_issuer

from yett.issuer import totp
from yett.issuer.http import Ask
from yett.issuer.password_setup import CHANGED, Setup, app_fields, judged, put_both
from yett.state.accounts.totps import find_totp, put_totp
from yett.state.accounts.users import add_user, change_user


@pytest.fixture
def server(tmp_path):
    """An issuer with passwords."""
    made = make_issuer(tmp_path)
    yield made
    made.store.close()


def test_nothing_is_hashed_that_is_not_kept(server):
    """A refused password costs no hash."""
    user = server.store.write(lambda tx: add_user(tx, login="ada", now=NOW))
    ask = Ask(method="POST", path="/", now=NOW, form={"password": "short", "repeated": "short"})
    assert judged(server, ask, user) == ("", "a password has at least 12 characters")


def test_a_change_that_came_first_wins(server):
    """A password chosen for an account that was changed meanwhile is not kept."""

    def work(tx):
        user = add_user(tx, login="ada", now=NOW)
        put_totp(tx, user.id, b"x", 1, NOW)
        change_user(tx, user, now=NOW, name="Ada")
        ask = Ask(method="POST", path="/", now=NOW, form={"password": PASSWORD})
        setup = Setup(user=user, path="/", holder="s")
        said = put_both(server, tx, ask, setup, "kept")
        return said, find_totp(tx, user.id)

    said, app = server.store.write(work)
    assert said == CHANGED
    assert app.secret == b"x"


def test_the_secret_is_for_reading_and_for_opening(server):
    """Text to type, a link to open, and no image from anywhere."""
    page = app_fields(totp.draft(server, "u_1", "ada", "s", NOW))
    assert 'id="secret"' in page
    assert 'href="otpauth://totp/' in page
    assert "<img" not in page
