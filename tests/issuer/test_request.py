from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.accounts import NOW
from kit.oauth import REDIRECT, Party, error_of
from kit.visiting import wish

from yett.issuer.errors import OAuthError
from yett.issuer.pending import Pending
from yett.issuer.request import DEVICE_GRANT, check_client, read_client, read_request, read_state


@pytest.fixture
def party(server):
    return Party(server)


def read(party, **changed):
    return read_request(party.server, party.client, wish(**changed), now=NOW)


def test_all_of_it(party):
    """What is asked is read into its meaning."""
    found = read(
        party,
        scope="openid orders:read",
        nonce="n",
        dpop_jkt="k" * 43,
        acr_values="urn:other urn:yett:multi-factor",
        max_age="0",
        prompt="login consent",
        login_hint="ada" * 200,
    )
    assert (found.client, found.redirect, found.state) == ("app", REDIRECT, "st4te")
    assert (found.scopes, found.nonce) == (("openid", "orders:read"), "n")
    assert (found.binding, found.acr) == ("jkt:" + "k" * 43, ("urn:yett:multi-factor",))
    assert (found.max_age, found.prompt) == (0.0, ("login", "consent"))
    assert (len(found.login_hint), found.created, found.id) == (256, NOW, "")


def test_defaults(party):
    """What is not asked for is nothing; without `scope` it is all the client may have."""
    found = read(party, scope=..., state=...)
    assert found.scopes == party.client.scopes
    assert (found.state, found.nonce, found.binding, found.max_age) == ("", "", "", None)
    assert (found.acr, found.prompt, found.details, found.login_hint) == ((), (), (), "")


def test_state_given_back():
    """A state is given back unchanged, or not at all."""
    assert read_state({"state": "a b~!"}) == "a b~!"
    for state in ("ß", "a\n", "x" * 2049, ""):
        assert read_state({"state": state}) == ""


def test_key_of_the_proof(party):
    """The key of a proof binds the code; a `dpop_jkt` may only say the same."""
    parameters = wish(dpop_jkt="k" * 43)

    def read_it(key):
        return read_request(party.server, party.client, parameters, now=NOW, key=key)

    assert read_it("k" * 43).binding == "jkt:" + "k" * 43
    assert error_of(read_it, "x" * 43) == "invalid_dpop_proof"


def test_clients(server, party):
    """A client must be there, active, and allowed the grant that it uses."""

    def found(name, grant="authorization_code"):
        with server.store.read() as tx:
            return read_client(tx, {"client_id": name}, grant)

    assert found("app").id == "app"
    assert error_of(found, "nobody") == "invalid_request"
    assert error_of(found, "app", DEVICE_GRANT) == "unauthorized_client"
    party.change(status="disabled")
    assert error_of(found, "app") == "invalid_request"


def test_kept_requests_are_checked_again(server, party):
    """A device has no address; every other request goes to one that is still registered."""

    def check(**fields):
        with server.store.read() as tx:
            return check_client(tx, Pending(client="app", created=NOW, **fields))

    assert check(redirect=REDIRECT).id == "app"
    assert error_of(check, redirect="https://evil.example/") == "invalid_request"
    assert error_of(check, redirect="") == "invalid_request"
    assert error_of(check, device="d") == "unauthorized_client"
    party.change(grants=(DEVICE_GRANT,))
    assert check(device="d").id == "app"


NAMES = st.sampled_from(
    [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "acr_values",
        "max_age",
        "prompt",
        "dpop_jkt",
        "authorization_details",
        "resource",
        "request",
        "redirect_uri",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.text(min_size=1, max_size=50)))
def test_no_text_breaks_it(party, changed):
    """Whatever is sent is read or refused; what is read goes to the registered address."""
    with suppress(OAuthError):
        assert read(party, **changed).redirect == REDIRECT
