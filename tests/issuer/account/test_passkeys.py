"""Changing passkeys: freshly signed in, one's own, and never into a locked-out account."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.authenticator import Authenticator
from kit.household import Household
from kit.pages import Page, make_with
from kit.visitor import text_of, where

from yett.issuer.account import passkeys
from yett.issuer.account.signed_in import FRESH_SECONDS
from yett.issuer.http import Ask
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.recovery import put_codes
from yett.state.accounts.sessions import list_sessions, rotate_session
from yett.state.accounts.users import add_user

LATER = NOW + FRESH_SECONDS + 1
SIGN_IN = "https://api.example.com/auth/sign-in"


def keys(home):
    with home.server.store.read() as tx:
        return [one.id for one in list_passkeys(tx, home.person.id)]


def spare(home):
    return Authenticator(user=home.person.id)


def test_another_passkey_is_added_and_works(home):
    """Both open the account afterwards."""
    second = spare(home)
    assert where(home.add(second, label="Spare")) == "https://api.example.com/auth/account"
    assert len(keys(home)) == 2
    other = Household(home.server, home.person, second)
    assert where(other.sign_in())


def test_adding_wants_a_fresh_sign_in(home):
    """After five minutes the passkey is asked for again, and the way leads back here."""
    assert where(home.offer(LATER)) == f"{SIGN_IN}?to=passkey"
    page = Page(home.offer())
    form = page.fields(
        "/account/passkeys/new",
        credential=make_with(spare(home), page.form("/account/passkeys/new")),
    )
    late = home.browser.post(passkeys.add, "/account/passkeys/new", form=form, now=LATER)
    assert where(late) == f"{SIGN_IN}?to=passkey"
    assert len(keys(home)) == 1
    back = where(home.sign_in(LATER, to="passkey"))
    assert back == "https://api.example.com/auth/account/passkeys/new"
    assert home.offer(LATER).status == 200


@pytest.mark.parametrize("amr", [("pwd", "otp"), ("kba",)])
def test_what_can_be_phished_changes_no_passkeys(home, amr):
    """A password adds and revokes none beside the owner's; a recovery code only adds."""

    def weaken(tx):
        put_codes(tx, home.person.id, ("a",))
        session = list_sessions(tx, home.person.id, NOW)[0]
        acr = "urn:yett:multi-factor"
        return rotate_session(tx, session, digest=session.digest, acr=acr, amr=amr, now=NOW)

    home.server.store.write(weaken)
    assert home.offer().status == (200 if amr == ("kba",) else 303)
    assert where(home.revoke(keys(home)[0])) == f"{SIGN_IN}?to=account"
    assert len(keys(home)) == 1


def test_the_last_way_in_is_not_taken(home):
    """Without codes, links or a password the last passkey stays."""
    answer = home.revoke(keys(home)[0])
    assert answer.status == 409
    assert "last way in" in text_of(answer)
    assert len(keys(home)) == 1


def test_with_recovery_codes_the_last_passkey_may_go(home):
    """Another way in is left."""
    home.server.store.write(lambda tx: put_codes(tx, home.person.id, ("a",)))
    assert where(home.revoke(keys(home)[0]))
    assert keys(home) == []


def test_revoking_ends_the_other_sessions(home):
    """The device that was lost is signed out, this browser is not; the ledger is told."""
    home.add(spare(home))
    elsewhere = Household(home.server, home.person, home.authenticator)
    elsewhere.sign_in()
    home.revoke(keys(home)[1])
    assert elsewhere.account().status == 303
    assert home.account().status == 200
    with home.server.store.read() as tx:
        kinds = [event.kind for _, event in untold(tx)]
    assert "passkey-revoked" in kinds
    assert "session-ended" in kinds


def test_revoking_wants_a_fresh_sign_in(home):
    """A stolen cookie takes nothing away."""
    home.add(spare(home))
    assert where(home.revoke(keys(home)[0], LATER)) == f"{SIGN_IN}?to=account"
    assert len(keys(home)) == 2


def test_nobody_touches_somebody_elses(home):
    """Another person's credential id names nothing here (CWE-639)."""
    bob = home.server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    his = Household(home.server, bob, Authenticator(user=bob.id))
    his.enrol()
    his.add(Authenticator(user=bob.id))
    his.rename(keys(home)[0], "stolen")
    his.revoke(keys(home)[0])
    with home.server.store.read() as tx:
        (mine,) = list_passkeys(tx, home.person.id)
    assert mine.label != "stolen"


def test_a_passkey_is_renamed(home):
    """The new name stands on the page; an empty one changes nothing."""
    home.rename(keys(home)[0], "  Kitchen tablet ")
    home.rename(keys(home)[0], "")
    assert "Kitchen tablet" in Page(home.account()).text


def test_a_page_of_another_session_makes_nothing(home):
    """What was offered to one session is not taken from another in the same browser."""
    page = Page(home.offer())
    made = make_with(spare(home), page.form("/account/passkeys/new"))
    form = page.fields("/account/passkeys/new", credential=made)
    with home.server.store.read() as tx:
        session = list_sessions(tx, home.person.id, NOW)[0]
    browser = home.browser.cookies["__Host-yett-browser"]
    home.end(session.id)
    home.browser.cookies["__Host-yett-browser"] = browser
    home.sign_in()
    answer = home.browser.post(passkeys.add, "/account/passkeys/new", form=form, now=NOW)
    assert answer.status == 403
    assert "could not be added" in text_of(answer)


def test_two_revocations_at_once_leave_a_way_in(home):
    """Each sees two passkeys when it begins; one of them is refused."""
    home.add(spare(home))
    both = keys(home)
    cookies = dict(home.browser.cookies)
    statuses = []

    def send(key):
        ask = Ask(
            method="POST",
            path="/account/passkeys/revoke",
            now=NOW,
            form={"id": key},
            cookies=cookies,
        )
        statuses.append(passkeys.revoke(home.server, ask).status)

    threads = [threading.Thread(target=send, args=(key,)) for key in both]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(statuses) == [303, 409]
    assert len(keys(home)) == 1
