"""The token endpoint: every refusal has its registered code, and nothing is given by mistake."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.accounts import NOW, make_server
from kit.oauth import Party, basic, claims_of, error_of

from yett.issuer import client_checks
from yett.issuer.client_auth import identify
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.token import GRANTS, ROUTES, token
from yett.state.accounts.clients import find_client
from yett.state.accounts.notices import untold

NAMES = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "device_code",
    "subject_token",
    "subject_token_type",
    "client_id",
    "client_secret",
    "resource",
    "audience",
]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *GRANTS,
            "app",
            "x\0y",
            "\N{FULLWIDTH DIGIT ONE}",
            "openid",
            "yr_" + "a" * 22 + ".0." + "b" * 43,
        ]
    ),
)


@pytest.fixture
def party(server):
    return Party(server)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from([*GRANTS]), form=st.dictionaries(st.sampled_from(NAMES), TEXTS))
def test_whatever_is_sent_is_refused_in_words(account_store, tmp_path, kind, form):
    """Any text in any parameter, on each engine: a registered refusal, never a failure of ours."""
    server = make_server(tmp_path)
    server.store.close()
    server.store = account_store
    with account_store.read() as tx:
        known = find_client(tx, "app") is not None
    if not known:
        Party(server, grants=tuple(GRANTS), scopes=("orders:read",))
    form = {"grant_type": kind, **form}
    for headers in (basic("app"), {}):
        ask = Ask(method="POST", path="/token", now=NOW, form=form, headers=headers)
        with suppress(OAuthError):
            assert token(server, ask).status == 200


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "ada", "password": "x"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
        ({"grant_type": "AUTHORIZATION_CODE"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_what_is_missing_or_unknown(party, form, code):
    """No grant type, one that OAuth 2.1 dropped, one without its parts."""
    assert error_of(party.send, **form) == code


def test_a_client_uses_only_its_own_grant_types(server):
    """What a client was not registered for it does not get, though the server knows it."""
    for kind in GRANTS:
        party = Party(server, name=kind[-8:], grants=("none-of-them",))
        assert error_of(party.send, grant_type=kind) == "unauthorized_client"


def test_nothing_is_said_before_the_client_is_known(server):
    """Who does not authenticate learns nothing of grants, codes or tokens."""
    stranger = Party(server, name="x")
    stranger.name = "y"
    for form in ({"grant_type": "refresh_token", "refresh_token": "x"}, {"grant_type": "unknown"}):
        assert error_of(stranger.send, **form) == "invalid_client"


def test_refusals_are_json_that_no_cache_keeps(party):
    """RFC 6749 5.2: the code, a description, `no-store`."""
    with pytest.raises(OAuthError) as caught:
        token(party.server, party.ask(grant_type="refresh_token", refresh_token="x"))
    answer = caught.value.answer()
    assert answer.status == 400
    assert answer.body == b'{"error":"invalid_grant","error_description":"sign in again"}'
    assert {("content-type", "application/json"), ("cache-control", "no-store")} <= set(
        answer.headers
    )


def test_a_client_that_is_disabled_meanwhile_gets_nothing(party, monkeypatch):
    """Between its authentication and the grant a client may be disabled: the grant looks again."""
    code = party.code()

    def identified(server, ask):
        found = identify(server, ask)
        party.change(status="disabled")
        return found

    monkeypatch.setattr("yett.issuer.token.identify", identified)
    assert error_of(party.exchange, code) == "invalid_client"


def test_each_grant_type_can_be_registered():
    """What the table answers, a client can be given."""
    assert set(GRANTS) <= set(client_checks.GRANT_TYPES)


def test_the_endpoint_is_posted_to_and_may_be_called_across_origins():
    """A browser's application calls it from its own origin, by POST alone."""
    assert [(route.method, route.path, route.cross) for route in ROUTES] == [
        ("POST", "/token", True)
    ]


def test_a_token_is_recorded_without_itself(party):
    """The record has its `jti`, who and which client; the token and the secrets are not in it."""
    answer = party.exchange()
    with party.server.store.read() as tx:
        events = [event for _, event in untold(tx) if event.kind == "token-issued"]
    claims = claims_of(answer["access_token"])
    assert [(e.credential, e.principal, e.client, e.note, e.time) for e in events] == [
        (claims["jti"], party.user.id, "app", "authorization_code", NOW)
    ]
    for secret in (answer["access_token"], answer["refresh_token"]):
        assert secret not in str(events)


@pytest.mark.parametrize("name", ["resource", "audience"])
def test_no_token_for_somebody_elses_service(party, name):
    """Whichever grant: another audience is refused before anything is used up (RFC 8707 2)."""
    ours, other = {name: party.server.settings.audience}, {name: "https://other.example"}
    first = party.exchange(**ours)
    code = party.code()
    assert error_of(party.send, grant_type="client_credentials", **other) == "invalid_target"
    assert error_of(party.exchange, code, **other) == "invalid_target"
    assert error_of(party.refresh, first["refresh_token"], **other) == "invalid_target"
    assert party.exchange(code)["access_token"]
    assert party.refresh(first["refresh_token"], **ours)["access_token"]
    assert party.send(grant_type="client_credentials", **ours)["access_token"]
