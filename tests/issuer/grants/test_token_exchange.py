from __future__ import annotations

import json

import pytest
from kit.accounts import AUDIENCE, NOW
from kit.oauth import Party, claims_of, error_of
from kit.proofs import proof

from yett.issuer.grants.issue import end_grant
from yett.issuer.grants.token_exchange import ACCESS_TOKEN, TOKEN_EXCHANGE
from yett.issuer.sessions import end
from yett.issuer.token import token
from yett.state.accounts.revocations import revoke
from yett.state.accounts.users import change_user, find_user

DETAIL = {"type": "urn:yett:operation", "operation": "shop.pay", "digest": "a1" * 32}


@pytest.fixture
def app(server):
    return Party(server)


def service(server, name="billing", **fields):
    fields = {"grants": (TOKEN_EXCHANGE, "client_credentials"), "kind": "confidential", **fields}
    return Party(server, name=name, **{"scopes": ("orders:read",), **fields})


@pytest.fixture
def billing(server):
    return service(server)


def ask(party, text, **sent):
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": text,
        "subject_token_type": ACCESS_TOKEN,
        **sent,
    }
    return party.ask(**form)


def exchange(party, text, **sent):
    return json.loads(token(party.server, ask(party, text, **sent)).body)


def refusal(party, text, **sent):
    return error_of(token, party.server, ask(party, text, **sent))


def test_acting_for_a_person(server, app, billing):
    """The service gets a token of the same person, family and sign-in; `act` says who acts."""
    subject = app.exchange()["access_token"]
    before = claims_of(subject)
    said = exchange(billing, subject)
    claims = claims_of(said["access_token"])
    assert said["issued_token_type"] == ACCESS_TOKEN
    assert "refresh_token" not in said
    assert "id_token" not in said
    for name in ("sub", "sid", "grant", "acr", "auth_time", "aud"):
        assert claims[name] == before[name], name
    assert (claims["client_id"], claims["act"]) == ("billing", {"sub": "billing"})
    assert claims["scope"] == "orders:read"
    # Of a manager who let the service read, it gets nothing that opens more (CWE-863).
    assert (before["roles"], claims.get("roles")) == (["manager"], None)


def test_never_longer(server, app, billing):
    """The new token ends when the subject's does, at the latest."""
    subject = app.exchange()["access_token"]
    billing.now = NOW + 590
    said = exchange(billing, subject)
    assert claims_of(said["access_token"])["exp"] <= claims_of(subject)["exp"]
    assert said["expires_in"] <= 10


@pytest.mark.parametrize("scope", ["orders:write", "orders:read orders:write", "admin", "openid"])
def test_never_more(server, app, billing, scope):
    """A scope that the subject's token or the client does not have is not to be had."""
    assert refusal(billing, app.exchange()["access_token"], scope=scope) == "invalid_scope"


def test_less(server, app):
    """A client that may have more takes what the subject has, and less if it asks for less."""
    more = service(server, scopes=("orders:read", "orders:write", "admin"))
    subject = app.exchange()["access_token"]
    assert exchange(more, subject)["scope"] == "orders:read orders:write"
    assert exchange(more, subject, scope="orders:write")["scope"] == "orders:write"


def test_nothing_in_common(server, app):
    """Without a scope that both have there is no token."""
    other = service(server, scopes=("admin",))
    assert refusal(other, app.exchange()["access_token"]) == "invalid_scope"


def test_roles_of_today(server, app, billing):
    """What the person lost since is not handed on."""
    subject = app.exchange()["access_token"]
    server.store.write(lambda tx: change_user(tx, find_user(tx, app.user.id), now=NOW, roles=()))
    assert refusal(billing, subject) == "invalid_scope"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"subject_token": ...}, "invalid_request"),
        ({"subject_token": "x.y.z"}, "invalid_request"),
        ({"subject_token_type": ...}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        (
            {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
            "invalid_request",
        ),
        ({"actor_token": "x.y.z"}, "invalid_request"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"audience": "other"}, "invalid_target"),
    ],
)
def test_refused(server, app, billing, sent, error):
    """What is missing, of another kind, or for somebody else is refused."""
    assert refusal(billing, app.exchange()["access_token"], **sent) == error


def test_audience_of_ours(server, app, billing):
    """The one audience may be named."""
    subject = app.exchange()["access_token"]
    assert exchange(billing, subject, audience=AUDIENCE, resource=AUDIENCE)["access_token"]


def test_other_tokens_of_ours(server, billing):
    """An ID token or a refresh token is no subject, whatever it is called."""
    app = Party(server, scopes=("orders:read", "openid"))
    tokens = app.exchange(app.code(scopes=("openid", "orders:read")))
    assert refusal(billing, tokens["id_token"]) == "invalid_request"
    assert refusal(billing, tokens["refresh_token"]) == "invalid_request"


@pytest.mark.parametrize("how", ["expired", "jti", "sub", "client", "session", "grant", "person"])
def test_subjects_that_ended(server, app, billing, how):
    """A token that the gate would refuse is refused here, too."""
    subject = app.exchange()["access_token"]
    claims = claims_of(subject)

    def stop(tx):
        said = {"now": NOW, "reason": "test", "by": "test"}
        match how:
            case "jti":
                revoke(tx, "jti", claims["jti"], **said)
            case "sub":
                revoke(tx, "sub", claims["sub"], before=NOW + 1, **said)
            case "client":
                revoke(tx, "client", "app", **said)
            case "session":
                end(server, tx, app.session, **said)
            case "grant":
                end_grant(tx, claims["grant"], NOW, "test", "test")
            case "person":
                change_user(tx, find_user(tx, app.user.id), now=NOW, status="disabled")

    server.store.write(stop)
    billing.now = NOW + (600 if how == "expired" else 1)
    assert refusal(billing, subject) == "invalid_request"


def test_ending_the_family_ends_it(server, app, billing):
    """The exchanged token is of the person's own family, and ends with it."""
    subject = app.exchange()["access_token"]
    second = exchange(billing, subject)["access_token"]
    server.store.write(lambda tx: end_grant(tx, claims_of(subject)["grant"], NOW, "test", "test"))
    assert refusal(billing, second) == "invalid_request"


def test_who_may(server, app):
    """Only a client that was given the grant type, and that authenticates."""
    subject = app.exchange()["access_token"]
    assert refusal(app, subject) == "unauthorized_client"
    public = Party(server, "none", name="spa", grants=(TOKEN_EXCHANGE,))
    assert refusal(public, subject) == "unauthorized_client"


def test_services_that_nobody_answers_for(server, app):
    """A service stops with its owner, here as well."""
    mine = service(server, kind="service", owner=app.user.id)
    subject = app.exchange()["access_token"]
    assert exchange(mine, subject)["access_token"]
    mine.change(owner="gone")
    assert refusal(mine, subject) == "unauthorized_client"


def test_bound_tokens_stay_bound(server, app, billing):
    """For a bound token a service gets one bound to its own key, never a bearer token."""
    subject = app.exchange(headers=app.dpop())["access_token"]
    assert refusal(billing, subject) == "invalid_request"
    own = proof("POST", server.at("/token"), None, now=NOW).decode()
    said = exchange(billing, subject, headers={"dpop": own})
    assert said["token_type"] == "DPoP"
    assert claims_of(said["access_token"])["cnf"]["jkt"]


def test_chains_are_bounded(server, app):
    """Each actor stands around the one before; the fifth is refused."""
    text = app.exchange()["access_token"]
    for number in range(4):
        text = exchange(service(server, f"s{number}"), text)["access_token"]
    act = claims_of(text)["act"]
    names = []
    while act:
        names.append(act["sub"])
        act = act.get("act")
    assert names == ["s3", "s2", "s1", "s0"]
    assert refusal(service(server, "s4"), text) == "invalid_request"


def test_one_operation_is_not_exchanged(server, app, billing):
    """A token for one call would be good for two."""
    subject = app.exchange(app.code(details=(DETAIL,)))["access_token"]
    assert refusal(billing, subject) == "invalid_request"


def test_acting_for_a_service(server, billing):
    """A service's own token keeps its subject, roles and tenant."""
    shop = service(server, "shop", roles=("clerk",), tenant="north")
    subject = shop.send(grant_type="client_credentials")["access_token"]
    claims = claims_of(exchange(billing, subject)["access_token"])
    assert (claims["sub"], claims["client_id"]) == ("shop", "billing")
    assert (claims["roles"], claims["tenant"]) == (["clerk"], "north")
    shop.change(status="disabled")
    assert refusal(billing, subject) == "invalid_request"
