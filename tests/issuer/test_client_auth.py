"""Clients prove who they are in the one way they registered, and nobody learns why they failed."""

from __future__ import annotations

import base64
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.accounts import NOW, make_server
from kit.oauth import SECRET, Party, assertion, basic, error_of

from yett.issuer import throttle
from yett.issuer.client_auth import (
    METHODS,
    identify,
    read_presented,
)
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.server import digest
from yett.state.accounts.clients import ClientSecret
from yett.state.accounts.notices import untold
from yett.terms import Certificate

THUMB = "A" * 43
CERTIFICATE = Certificate(
    thumbprint=THUMB, names=("dns:billing.internal", "dn:CN=billing"), expires=NOW + 60
)
KEPT = {
    "tls_client_auth": {"certificate": "dns:billing.internal"},
    "self_signed_tls_client_auth": {"certificate": f"x5t:{THUMB}"},
}


def ask(headers=None, certificate=None, query=None, **form):
    return Ask(
        method="POST",
        path="/token",
        now=NOW,
        source="192.0.2.7",
        headers=headers or {},
        form=form,
        query=query or {},
        certificate=certificate,
    )


def shown(server, method, name):
    """The ask of a client that authenticates by a method."""
    match method:
        case "client_secret_basic":
            return ask(headers=basic(name))
        case "client_secret_post":
            return ask(client_id=name, client_secret=SECRET)
        case "private_key_jwt":
            return ask(**assertion(server, name))
        case "none":
            return ask(client_id=name)
        case _:
            return ask(client_id=name, certificate=CERTIFICATE)


@pytest.fixture
def parties(server):
    return {
        method: Party(server, method, name=method.replace("_", "-"), **KEPT.get(method, {}))
        for method in METHODS
    }


def test_each_method_works_for_its_client(server, parties):
    """A client that shows what it registered is who it says."""
    for method, party in parties.items():
        assert identify(server, shown(server, method, party.name)).id == party.name


def test_no_method_works_for_another_client(server, parties):
    """A good credential of the wrong kind is refused like a wrong one: no downgrade."""
    for registered, party in parties.items():
        for method in METHODS:
            if method == registered or (method in KEPT and registered in (*KEPT, "none")):
                continue  # they show the same: a name, over a connection with a certificate
            found = error_of(identify, server, shown(server, method, party.name))
            assert found == "invalid_client", (registered, method)


def test_several_ways_at_once_are_refused(server, parties):
    """RFC 6749 2.3: one method in a request; also two that are both right."""
    name = parties["client_secret_basic"].name
    secret, header = {"client_id": name, "client_secret": SECRET}, basic(name)
    for sent in (
        ask(headers=header, **secret),
        ask(headers=header, **assertion(server, name)),
        ask(**secret, **assertion(server, name)),
        ask(headers=header, client_id="another"),
        ask(**{**assertion(server, name), "client_id": "another"}),
    ):
        assert error_of(identify, server, sent) == "invalid_request"


def test_a_secret_in_the_url_is_refused(server, parties):
    """Where it would be logged it is not looked at, right or wrong."""
    name = parties["client_secret_post"].name
    sent = ask(query={"client_secret": SECRET}, client_id=name)
    assert error_of(identify, server, sent) == "invalid_request"


def test_basic_is_form_decoded_first(server):
    """RFC 6749 2.3.1: both halves are form-encoded, so that a colon or a plus can be in them."""
    raw = "pa:ss+w%rd é"
    party = Party(server, name="a:b")
    party.change(secrets=(ClientSecret(digest=digest(raw), created=NOW),))
    assert identify(server, ask(headers=basic("a:b", raw))).id == "a:b"
    plain = base64.b64encode(f"a:b:{raw}".encode()).decode()
    assert error_of(identify, server, ask(headers={"authorization": f"Basic {plain}"}))
    assert identify(
        server,
        ask(
            headers={"authorization": basic("a:b", raw)["authorization"].replace("Basic", "bASIC")}
        ),
    )


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !",
        "Basic YQ",
        "Basic " + base64.b64encode(b"app").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"%ff:x").decode(),
        "Basic " + base64.b64encode(b":" + SECRET.encode()).decode(),
        "Basic " + base64.b64encode(b"app:").decode(),
        "Bearer " + SECRET,
        "DPoP x",
        "Basic " + "A" * 8000,
    ],
)
def test_a_header_that_cannot_be_read_is_no_crash(server, header):
    """A malformed header is refused with the challenge that RFC 6749 5.2 wants."""
    Party(server)
    with pytest.raises(OAuthError) as caught:
        identify(server, ask(headers={"authorization": header}))
    error = caught.value
    assert (error.code, error.status) == ("invalid_client", 401)
    assert ("www-authenticate", 'Basic realm="yett"') in error.headers


@settings(max_examples=60, deadline=None)
@given(header=st.text(max_size=60), name=st.text(max_size=20), secret=st.text(max_size=20))
def test_nothing_that_is_sent_crashes_it(header, name, secret):
    """Whatever comes is read, or refused with a registered code."""
    for sent in (
        ask(headers={"authorization": header}),
        ask(headers={"authorization": "Basic " + header}),
        ask(client_id=name, client_secret=secret),
        ask(client_assertion=secret, client_assertion_type=name),
    ):
        with suppress(OAuthError):
            read_presented(sent)


def test_one_answer_for_every_failure(server, parties):
    """Unknown, wrong, disabled, wrong method: the same words and status (CWE-204)."""
    party = parties["client_secret_post"]
    said = set()
    for sent in (
        ask(client_id="nobody", client_secret=SECRET),
        ask(client_id=party.name, client_secret=SECRET + "x"),
        ask(client_id=party.name, client_secret=""),
        ask(client_id=party.name),
        ask(client_id="nobody"),
    ):
        with pytest.raises(OAuthError) as caught:
            identify(server, sent)
        said.add((caught.value.code, caught.value.description, caught.value.status))
    party.change(status="disabled")
    with pytest.raises(OAuthError) as caught:
        identify(server, ask(client_id=party.name, client_secret=SECRET))
    said.add((caught.value.code, caught.value.description, caught.value.status))
    assert said == {("invalid_client", "client authentication failed", 401)}


def test_who_has_the_secret_is_told_how_to_show_it(server, parties):
    """openid-client posts secrets unless told otherwise: the refusal names the registered method."""
    party = parties["client_secret_basic"]
    with pytest.raises(OAuthError) as caught:
        identify(server, ask(client_id=party.name, client_secret=SECRET))
    assert caught.value.description == (
        "used `client_secret_post`, is registered with `client_secret_basic`"
    )
    for sent in (ask(client_id=party.name, client_secret="x" * 43), ask(client_id=party.name)):
        with pytest.raises(OAuthError) as caught:
            identify(server, sent)
        assert caught.value.description == "client authentication failed"


def test_two_secrets_are_good_while_one_is_replaced(server):
    """In the overlap both work, after it only the new one; one moment decides."""
    party = Party(server, "client_secret_post", name="x")
    party.change(
        secrets=(
            ClientSecret(digest=digest("old"), created=NOW - 9, expires=NOW + 10),
            ClientSecret(digest=digest("new"), created=NOW),
        )
    )
    at = lambda secret, now: msgspec.structs.replace(  # noqa: E731 - reads as a table
        ask(client_id="x", client_secret=secret), now=now
    )
    assert identify(server, at("old", NOW + 9.9))
    assert identify(server, at("new", NOW + 9.9))
    assert error_of(identify, server, at("old", NOW + 10)) == "invalid_client"
    assert identify(server, at("new", NOW + 10))


def test_a_certificate_must_be_the_registered_one(server, parties):
    """The exact name, or the exact thumbprint; a stranger's, an expired one or none is refused."""
    name, pinned = (parties[method].name for method in KEPT)
    change = msgspec.structs.replace
    for certificate in (
        None,
        change(CERTIFICATE, names=("dns:billing.internal.evil.example",)),
        change(CERTIFICATE, names=("uri:billing.internal", "dns:BILLING.internal")),
        change(CERTIFICATE, names=()),
        change(CERTIFICATE, expires=NOW),
    ):
        assert error_of(identify, server, ask(client_id=name, certificate=certificate))
    for certificate in (None, change(CERTIFICATE, thumbprint="B" * 43)):
        assert error_of(identify, server, ask(client_id=pinned, certificate=certificate))
    parties["tls_client_auth"].change(certificate="")
    empty = change(CERTIFICATE, names=("",))
    assert error_of(identify, server, ask(client_id=name, certificate=empty)) == "invalid_client"


def test_a_public_client_is_taken_for_what_it_is(server, parties):
    """It proves nothing, and whoever needs a proof can see that."""
    found = identify(server, ask(client_id=parties["none"].name))
    assert (found.kind, found.auth) == ("public", "none")


def test_an_assertion_is_used_up_though_the_rest_fails(server, parties):
    """What follows may be refused: the assertion does not become good again."""
    party = parties["private_key_jwt"]
    sent = assertion(server, party.name)
    assert error_of(party.send, grant_type="authorization_code", code="no", **sent)
    assert error_of(identify, server, ask(**sent)) == "invalid_client"


def test_failures_are_slowed_down_and_good_clients_are_not(server, parties):
    """A network that fails again and again must wait; a right secret from there never does."""
    name = parties["client_secret_post"].name
    wrong = ask(client_id=name, client_secret="wrong")
    codes = [error_of(identify, server, wrong) for _ in range(throttle.NETWORK.free + 3)]
    assert codes[: throttle.NETWORK.free + 1] == ["invalid_client"] * (throttle.NETWORK.free + 1)
    assert codes[-1] == "slow_down"
    assert identify(server, ask(client_id=name, client_secret=SECRET))
    elsewhere = msgspec.structs.replace(wrong, source="198.51.100.1")
    assert error_of(identify, server, elsewhere) == "invalid_client"


def test_a_failure_is_recorded_with_its_reason_and_without_the_secret(server, parties):
    """The record says what was wrong and where from, which the client is not told."""
    name = parties["client_secret_post"].name
    error_of(identify, server, ask(client_id=name, client_secret="hunter2"))
    with server.store.read() as tx:
        events = [event for _, event in untold(tx) if event.kind == "client-refused"]
    assert [(event.source, event.note) for event in events] == [
        ("192.0.2.7", "unknown client or wrong credentials")
    ]
    assert "hunter2" not in str(events)


def test_secrets_show_in_no_representation():
    """What was presented can be logged by mistake without harm."""
    said = repr(read_presented(ask(client_id="a", client_secret="hunter2")))
    assert "hunter2" not in said


def test_a_refusal_writes_nothing_while_the_network_waits(tmp_path):
    """A flood of wrong secrets costs reads, not one write each."""
    server = make_server(tmp_path)
    wrong = ask(client_id="nobody", client_secret="x")
    for _ in range(throttle.NETWORK.free + 20):
        error_of(identify, server, wrong)
    with server.store.read() as tx:
        assert len(untold(tx)) == throttle.NETWORK.free + 1
    server.store.close()
