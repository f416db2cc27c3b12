"""Who is at the account pages."""

from __future__ import annotations

from kit.accounts import NOW
from kit.authenticator import Authenticator
from kit.household import Household
from kit.visitor import where

from yett.issuer.account.signed_in import FRESH_SECONDS


def test_looking_needs_no_fresh_sign_in(home):
    """The account page opens as long as the session lives."""
    assert home.account(NOW + FRESH_SECONDS + 1).status == 200


def test_freshness_has_an_end(home):
    """To the second."""
    assert home.offer(NOW + FRESH_SECONDS).status == 200
    assert home.offer(NOW + FRESH_SECONDS + 1).status == 303


def test_without_a_session_nothing_is_changed(server, person):
    """Each of the forms leads to the sign-in."""
    nobody = Household(server, person, Authenticator(user=person.id))
    for answer in (nobody.revoke("x"), nobody.rename("x", "y"), nobody.end("others")):
        assert where(answer) == "https://api.example.com/auth/sign-in?to=account"
