"""Signing in at an outside provider: who it is there is who it is here, and nothing else helps."""

from __future__ import annotations

import base64
import hashlib
import threading
import time

import pytest
from kit.accounts import make_server
from kit.openid import CLIENT, SECRET, Provider, query_of
from kit.visitor import Visitor, text_of, where

from yett.contract.identity_settings import ProviderConfig
from yett.issuer import sso
from yett.issuer.server import digest, fresh
from yett.issuer.sign_in.provider import back, go
from yett.state.accounts.links import Link, add_link, find_link
from yett.state.accounts.notices import untold
from yett.state.accounts.sessions import add_session, list_sessions
from yett.state.accounts.users import DISABLED, add_user, change_user, find_user, list_users

ACR = {"urn:mace:incommon:iap:silver": "urn:yett:multi-factor"}


@pytest.fixture
def outside():
    """A provider on loopback."""
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def make(tmp_path, outside):
    """Make an issuer that knows the provider as `corp`."""
    made = []

    def go_(**settings):
        (tmp_path / "corp.secret").write_text(SECRET + "\n")
        fixed = {"name": "corp", "url": outside.url, "client_id": CLIENT, "secret": "corp.secret"}
        one = ProviderConfig(**{**fixed, "create": True, "roles": ("clerk",), **settings})
        other = ProviderConfig(**{**fixed, "name": "other", "url": "https://other.example.com"})
        made.append(make_server(tmp_path, provider=(one, other)))
        return made[-1]

    yield go_
    for server in made:
        server.store.close()


@pytest.fixture
def issuer(make):
    """An issuer at which people of the provider get accounts."""
    return make()


@pytest.fixture
def visitor(issuer):
    """Somebody's browser."""
    return Visitor(issuer)


def depart(visitor, name="corp", **query):
    return where(visitor.get(go, f"/sign-in/with/{name}", arguments={"name": name}, query=query))


def arrive(visitor, query, name="corp", **parts):
    return visitor.get(
        back, f"/sign-in/with/{name}/back", arguments={"name": name}, query=query, **parts
    )


def sign_in(visitor, outside, subject="248289761001", **query):
    return arrive(visitor, outside.consent(depart(visitor, **query), subject))


def refused(visitor, answer, status=403):
    """Nobody was signed in, and the page tells nothing that was sent."""
    assert answer.status == status, text_of(answer)
    assert "__Host-yett-sign-in" not in visitor.cookies
    return text_of(answer)


def users(server):
    with server.store.read() as tx:
        return list_users(tx)


def sessions(server):
    with server.store.read() as tx:
        return [s for user in list_users(tx) for s in list_sessions(tx, user.id, 1.0)]


def test_somebody_new_signs_in(issuer, visitor, outside):
    """An account is made with the roles of the configuration, linked by issuer and subject."""
    assert where(sign_in(visitor, outside)) == "https://api.example.com/auth/account"
    (user,) = users(issuer)
    assert (user.login, user.roles, user.email) == ("corp:248289761001", ("clerk",), "")
    assert "__Host-yett-sign-in" in visitor.cookies
    (session,) = sessions(issuer)
    assert (session.acr, session.amr) == ("urn:yett:single-factor", ())
    with issuer.store.read() as tx:
        assert find_link(tx, outside.url, "248289761001").user == user.id
        kinds = [event.kind for _, event in untold(tx)]
    assert [k for k in kinds if "key" not in k] == ["account-made", "signed-in"]


def test_the_same_person_is_the_same_account(issuer, visitor, outside):
    """The second sign-in finds the account, also in another browser; another subject does not."""
    sign_in(visitor, outside)
    sign_in(Visitor(issuer), outside)
    assert len(users(issuer)) == 1
    sign_in(Visitor(issuer), outside, subject="2")
    assert len(users(issuer)) == 2


def test_what_is_asked_for(visitor, outside):
    """Code, PKCE S256, nonce and state; the redirect URI is the provider's own."""
    asked = query_of(depart(visitor))
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == "https://api.example.com/auth/sign-in/with/corp/back"
    assert asked["code_challenge_method"] == "S256"
    assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    again = query_of(depart(visitor))
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


def test_the_code_is_redeemed_with_proof(visitor, outside):
    """The verifier fits the challenge, and the secret goes in the header, not the form."""
    location = depart(visitor)
    arrive(visitor, outside.consent(location))
    (form,) = outside.asked
    hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert (
        base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        == (query_of(location)["code_challenge"])
    )
    assert "client_secret" not in form


def test_no_secret_is_in_the_store(issuer, visitor, outside):
    """State, nonce and verifier are digests or sealed."""
    asked = query_of(depart(visitor))
    kept = (issuer.folder / "var/yett.db").read_bytes()
    kept += (issuer.folder / "var/yett.db-wal").read_bytes()
    arrive(visitor, {"code": "x", "state": asked["state"], "iss": outside.url})
    assert asked["state"].encode() not in kept
    assert asked["nonce"].encode() not in kept
    assert outside.asked[0]["code_verifier"].encode() not in kept


# What comes back, wrongly


def test_the_state_of_another_browser_is_refused(issuer, visitor, outside):
    """An attacker cannot sign a victim's browser in as the attacker (login CSRF)."""
    came = outside.consent(depart(visitor))
    victim = Visitor(issuer)
    refused(victim, arrive(victim, came))
    depart(victim)  # now it has a cookie of its own
    refused(victim, arrive(victim, came))
    assert outside.asked == []
    assert arrive(visitor, came).status == 303  # the owner's is not used up by that


def test_a_state_is_good_once(visitor, outside):
    """Coming back twice with one answer signs in once."""
    came = outside.consent(depart(visitor))
    assert arrive(visitor, came).status == 303
    assert arrive(visitor, came).status == 403
    assert len(outside.asked) == 1


def test_an_old_state_is_refused(visitor, outside):
    """After ten minutes a sign-in under way is over."""
    came = outside.consent(depart(visitor))
    refused(visitor, arrive(visitor, came, now=time.time() + 601))


@pytest.mark.parametrize("name", ["state", "code", "iss"])
def test_what_is_missing_is_refused(visitor, outside, name):
    """Without state, code, or the `iss` that the provider says it always sends, nothing happens."""
    came = outside.consent(depart(visitor))
    del came[name]
    refused(visitor, arrive(visitor, came))
    assert outside.asked == []


def test_a_provider_without_iss_is_known_by_its_own_address(make, outside):
    """Where the metadata promises no `iss`, its absence is fine and a wrong one is not."""
    outside.metadata["authorization_response_iss_parameter_supported"] = None
    visitor = Visitor(make())
    came = outside.consent(depart(visitor))
    refused(visitor, arrive(visitor, {**came, "iss": "https://evil.example"}))
    del came["iss"]
    assert arrive(visitor, came).status == 303


def test_another_provider_cannot_answer(visitor, outside):
    """Mix-up: an answer at another provider's address, or in another's name, redeems no code."""
    came = outside.consent(depart(visitor))
    refused(visitor, arrive(visitor, {**came, "iss": "https://other.example.com"}))
    outside.metadata["issuer"] = "https://other.example.com"
    answer = arrive(visitor, {**came, "iss": "https://other.example.com"}, name="other")
    assert answer.status in (403, 503)
    assert outside.asked == []
    assert arrive(visitor, came, name="nobody").status == 404


@pytest.mark.parametrize(
    ("code", "said"),
    [("access_denied", "was cancelled"), ("server_error", "failed"), ("<script>", "failed")],
)
def test_an_error_is_said_and_not_echoed(visitor, outside, code, said):
    """What the provider writes into the address is not shown (CWE-79, CWE-451)."""
    came = outside.consent(depart(visitor))
    query = {
        "error": code,
        "error_description": "Call 555-1234 <b>now</b>",
        "state": came["state"],
        "iss": outside.url,
    }
    page = refused(visitor, arrive(visitor, query))
    assert f"The sign-in at the provider {said}." in page
    assert "555" not in page
    assert "script>" not in page


def test_an_error_without_our_state_says_nothing_of_it(visitor, outside):
    """A link with an error in it is not an answer."""
    depart(visitor)
    page = refused(visitor, arrive(visitor, {"error": "access_denied", "iss": outside.url}))
    assert "cancelled" not in page


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_it_leads_nowhere_else(visitor, outside, to):
    """`to` is a name of a place of ours, never an address (open redirect, CWE-601)."""
    assert where(sign_in(visitor, outside, to=to)) == "https://api.example.com/auth/account"


def test_a_request_that_is_over_is_said(visitor):
    """A sign-in for a client that no longer waits begins nothing."""
    path = "/sign-in/with/corp"
    answer = visitor.get(go, path, arguments={"name": "corp"}, query={"r": "gone"})
    refused(visitor, answer, 400)


# Who comes back


def test_nobody_is_made_where_that_is_not_allowed(make, outside):
    """Without `create` only people who are linked get in."""
    server = make(create=False)
    stranger = Visitor(server)
    refused(stranger, sign_in(stranger, outside))
    assert users(server) == []
    user = server.store.write(lambda tx: add_user(tx, login="ada", now=1.0))
    link = Link(issuer=outside.url, subject="248289761001", user=user.id, created=1.0)
    server.store.write(lambda tx: add_link(tx, link))
    assert sign_in(Visitor(server), outside).status == 303


def test_an_address_links_nobody(issuer, outside):
    """The same e-mail address, verified or not, is not the same person."""
    ada = issuer.store.write(
        lambda tx: add_user(tx, login="ada@example.com", email="ada@example.com", now=1.0)
    )
    outside.claims.update(email="ada@example.com", email_verified=True, name="Ada")
    outside.claims["preferred_username"] = "ada@example.com"
    sign_in(Visitor(issuer), outside)
    made = next(user for user in users(issuer) if user.id != ada.id)
    assert (made.email, made.name) == ("ada@example.com", "Ada")
    assert made.login == "corp:248289761001"
    assert [session.user for session in sessions(issuer)] == [made.id]


def test_a_disabled_account_is_refused(issuer, visitor, outside):
    """The provider's word does not open an account that is switched off here."""
    sign_in(visitor, outside)
    (user,) = users(issuer)
    issuer.store.write(lambda tx: change_user(tx, user, now=2.0, status=DISABLED))
    other = Visitor(issuer)
    refused(other, sign_in(other, outside))


def test_a_link_to_nobody_makes_nobody(issuer, visitor, outside):
    """Where an account is gone, its person does not come back as a new one."""
    link = Link(issuer=outside.url, subject="248289761001", user="u_gone", created=1.0)
    issuer.store.write(lambda tx: add_link(tx, link))
    refused(visitor, sign_in(visitor, outside))
    assert users(issuer) == []


def test_twice_at_once_is_one_account(issuer, outside):
    """Two browsers of a new person at the same moment make one account."""
    visitors = [Visitor(issuer) for _ in range(4)]
    came = [outside.consent(depart(visitor)) for visitor in visitors]
    threads = [
        threading.Thread(target=arrive, args=pair) for pair in zip(visitors, came, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(users(issuer)) == 1
    assert len(sessions(issuer)) == 4


# How sure, how fresh


def test_what_the_provider_says_of_its_sign_in_is_mapped(make, outside):
    """A listed `acr` is ours; one that is not listed is single-factor, whatever it is called."""
    server = make(acr=ACR)
    for theirs, ours, amr in (
        ("urn:mace:incommon:iap:silver", "urn:yett:multi-factor", ("mfa",)),
        ("urn:yett:phishing-resistant", "urn:yett:single-factor", ()),
        ([], "urn:yett:single-factor", ()),
        (None, "urn:yett:single-factor", ()),
    ):
        outside.claims["acr"] = theirs
        sign_in(Visitor(server), outside)
        newest = max(sessions(server), key=lambda session: session.created)
        assert (newest.acr, newest.amr) == (ours, amr)


def test_the_time_of_the_sign_in_is_the_providers(issuer, outside):
    """A sign-in of this morning is no sign-in of now; one without a time is never fresh."""
    for said, kept in ((1_700_000_000, 1_700_000_000.0), (None, 0.0)):
        outside.claims["auth_time"] = said
        sign_in(Visitor(issuer), outside)
        newest = max(sessions(issuer), key=lambda session: session.created)
        assert newest.auth_time == kept


# Linking


def signed_in(server, visitor, login="ada"):
    """Let somebody be signed in by other means."""
    user = server.store.write(lambda tx: add_user(tx, login=login, now=1.0))
    secret = fresh()
    session = server.store.write(
        lambda tx: add_session(
            tx,
            digest=digest(secret),
            user=user.id,
            acr="urn:yett:phishing-resistant",
            amr=("hwk",),
            now=time.time(),
            expires=time.time() + 600,
        )
    )
    visitor.cookies["__Host-yett-sign-in"] = secret
    return user, session


def link(visitor, server, user, session):
    """Set out to link; returns where the browser is sent."""

    def endpoint(server, ask):
        aim = sso.Aim(user=user.id, session=session.id)
        return sso.depart(server, ask, server.providers["corp"], aim)

    return where(visitor.post(endpoint, "/account/links"))


def test_a_signed_in_person_links_an_account(issuer, visitor, outside):
    """Afterwards the person at the provider is this account."""
    user, session = signed_in(issuer, visitor)
    came = outside.consent(link(visitor, issuer, user, session))
    assert where(arrive(visitor, came)) == "https://api.example.com/auth/account"
    with issuer.store.read() as tx:
        assert find_link(tx, outside.url, "248289761001").user == user.id
        assert find_user(tx, user.id).roles == ()
    assert len(users(issuer)) == 1


def test_a_link_is_made_in_the_session_that_asked(issuer, visitor, outside):
    """Signed out, or signed in as somebody else meanwhile: nothing is linked."""
    user, session = signed_in(issuer, visitor)
    came = outside.consent(link(visitor, issuer, user, session))
    signed_in(issuer, visitor, login="mallory")
    assert arrive(visitor, came).status == 403
    with issuer.store.read() as tx:
        assert find_link(tx, outside.url, "248289761001") is None


def test_a_person_of_another_account_is_not_taken(issuer, visitor, outside):
    """Who is linked to one account is not linked to a second."""
    sign_in(Visitor(issuer), outside)
    user, session = signed_in(issuer, visitor)
    came = outside.consent(link(visitor, issuer, user, session))
    assert arrive(visitor, came).status == 409
