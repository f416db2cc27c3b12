"""A token for one call: the published vectors, the challenge, and that it is good for nothing else."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.engine import ALICE, BEARER, COOKIE, ENFORCED, Need, program
from kit.frozen import HOW, pay, paying
from msgspec.structs import replace

from yett.contract.model import MediaType, Sensitive
from yett.credentials.verifier import Verified
from yett.engine.exchange import Exchange
from yett.engine.questions import ReadBody
from yett.engine.steps.freeze import look
from yett.engine.steps.operation_bound import operation_text
from yett.policy.approvable import Approvable
from yett.policy.approvals import FROZEN_FIELDS
from yett.policy.masks import make_mask
from yett.terms import Mode

NOW = 1000.0
BIND = Sensitive(bind="operation", acr="urn:strong", max_age=300)
BODY = b'{"amount":7,"to":"Bo"}'
SPEC = (Path(__file__).parents[3] / "docs/spec/operation-token.md").read_text(encoding="utf-8")
VECTORS = dict(re.findall(r"^```(?:json|text) (\S+)\n(.*?)\n```$", SPEC, re.MULTILINE | re.DOTALL))
PIN = {"properties": {"pin": {"type": "string", "format": "password"}}}
SECRETIVE = Approvable(
    reads=True,
    fields=FROZEN_FIELDS | {"x-code"},
    cookies=("area",),
    credentials=frozenset({"api_key"}),
    secrets=frozenset({"x-code", "otp"}),
    mask=make_mask((MediaType(name="application/json", schema=PIN),), {}),
)


def binding(how=HOW, demand=BIND, **changes):
    return program(paying(how, demand=demand, **changes))


@pytest.fixture
def ask(run, view):
    """Send a payment with a token of these claims; answers decision and exchange."""

    def go(bound, digest=None, body=BODY, target="/pay", principal=ALICE, fields=(), **claims):
        said = {"iat": NOW - 10, "acr": "urn:strong", "auth_time": NOW - 20, **claims}
        if digest is not None:
            said["authorization_details"] = [detail(digest)]
        known = replace(principal, credential="t1", expires=NOW + 110, claims=said)
        view.tokens[b"good"] = Verified(known)
        decision, x, asked = run(bound, pay(body, target, **dict(fields)), body)
        assert all(isinstance(one, ReadBody) for one in asked[:1])
        return decision, x

    return go


def detail(digest, operation="api.pay"):
    return {"type": "urn:yett:operation", "operation": operation, "digest": digest}


def wanted(decision):
    """The digest that a challenge asks for."""
    assert decision.problem.code == "step-up-needed"
    members = dict(decision.problem.members)
    [one] = members["authorization_details"]
    assert (one["type"], one["operation"]) == ("urn:yett:operation", "api.pay")
    assert re.fullmatch("[0-9a-f]{64}", one["digest"])
    return one["digest"]


def code(decision):
    return decision.problem.code if decision.problem else "allow"


def test_the_challenge_says_what_to_ask_the_issuer_for(ask):
    """One answer names the sign-in and the request, so that one visit to the issuer is enough."""
    decision, _ = ask(binding(), acr="urn:weak")
    assert wanted(decision)
    challenge = dict(decision.problem.headers)[b"www-authenticate"]
    assert b'error="insufficient_user_authentication"' in challenge
    assert b'acr_values="urn:strong"' in challenge
    assert b'max_age="300"' in challenge


def test_the_token_for_this_request_passes_once(ask, view):
    """Asked for, issued, used: then it is over, and the next challenge says so."""
    bound = binding()
    digest = wanted(ask(bound)[0])
    assert code(ask(bound, digest)[0]) == "allow"
    again, _ = ask(bound, digest)
    assert wanted(again) == digest
    assert again.problem.detail == "the token was used before"
    assert view.used == {"jti:iss t1"}


@pytest.mark.parametrize(
    "changed",
    [
        {"body": b'{"amount":8,"to":"Bo"}'},
        {"body": b'{"amount":7,"to":"Eve"}'},
        {"body": b'{"amount":7,"to":"Bo" }'},
        {"target": "/pay?fast=1"},
        {"fields": {"idempotency_key": b"2"}},
        {"fields": {"content_type": b"application/merge-patch+json"}},
    ],
)
def test_another_request_is_another_digest(ask, view, changed):
    """Whatever decides what the service does, changed by one byte, needs another token."""
    bound = binding()
    digest = wanted(ask(bound)[0])
    decision, _ = ask(bound, digest, **changed)
    assert wanted(decision) != digest
    assert decision.problem.detail == "the token is for another request"
    assert not view.used


@pytest.mark.parametrize(
    "fields", [{"user_agent": b"other"}, {"traceparent": b"00-1"}, {"dpop": b"x"}]
)
def test_what_decides_nothing_may_differ(ask, fields):
    """The client comes back with another token, trace and proof: that is the same request."""
    bound = binding()
    assert code(ask(bound, wanted(ask(bound)[0]), fields=fields)[0]) == "allow"


@pytest.mark.parametrize(
    "claims", [{"acr": "urn:weak"}, {"auth_time": NOW - 400}, {"auth_time": None}, {"acr": None}]
)
def test_the_sign_in_counts_as_well(ask, view, claims):
    """A token for the request without the sign-in is not enough, and is not used up."""
    bound = binding()
    digest = wanted(ask(bound)[0])
    assert wanted(ask(bound, digest, **claims)[0]) == digest
    assert not view.used


def test_without_acr_and_max_age_only_the_request_counts(ask):
    """`bind` alone asks for nothing else."""
    bound = binding(demand=Sensitive(bind="operation"))
    digest = wanted(ask(bound, acr="urn:weak")[0])
    assert code(ask(bound, digest, acr=None, auth_time=None)[0]) == "allow"


@pytest.mark.parametrize("kind", ["service", "key"])
def test_who_cannot_sign_in_is_not_challenged(ask, kind):
    """A service account gets an answer that it can do something with: no."""
    decision, _ = ask(binding(), principal=replace(ALICE, kind=kind))
    assert code(decision) == "not-permitted"


@pytest.mark.parametrize("claims", [{"iat": None}, {"iat": "1"}])
def test_a_token_must_say_which_it_is(ask, claims):
    """Without `jti` and `iat` nobody could tell whether it was used."""
    bound = binding()
    assert code(ask(bound, wanted(ask(bound)[0]), **claims)[0]) == "credential-invalid"


def test_a_token_that_lives_long_is_refused(run, view):
    """What is good once is remembered until it is over: an hour is no time for one call."""
    bound = binding(demand=Sensitive(bind="operation"))
    view.tokens[b"good"] = Verified(ALICE)
    digest = wanted(run(bound, pay(BODY), BODY)[0])
    claims = {"iat": NOW, "authorization_details": [detail(digest)]}
    known = replace(ALICE, credential="t", expires=NOW + 3600, claims=claims)
    view.tokens[b"good"] = Verified(known)
    assert code(run(bound, pay(BODY), BODY)[0]) == "credential-invalid"


@pytest.mark.parametrize("where", ["other operation", "no demand", "plain step-up"])
def test_elsewhere_it_is_no_credential(run, view, where):
    """The token of one call opens nothing else, though its sign-in is fresh and strong."""
    other = {
        "other operation": paying(demand=BIND, id="api.other"),
        "no demand": paying(demand=None),
        "plain step-up": paying(demand=Sensitive(acr="urn:strong")),
    }[where]
    claims = {"acr": "urn:strong", "authorization_details": [detail("0" * 64)]}
    known = replace(ALICE, binding="operation:api.pay", claims=claims)
    view.tokens[b"good"] = Verified(known)
    decision, _, _ = run(program(other), pay(BODY), BODY)
    assert (decision.step, code(decision)) == (4, "credential-invalid")


def test_in_its_place_the_binding_is_no_hindrance(ask):
    """At its own operation the token is what is wanted."""
    bound = binding()
    known = replace(ALICE, binding="operation:api.pay")
    digest = wanted(ask(bound)[0])
    assert code(ask(bound, digest, principal=known)[0]) == "allow"


def test_beside_a_session_the_token_is_found(run, view):
    """A browser always sends its cookie; the token for the call comes beside it."""
    either = ((Need(COOKIE, frozenset()),), (Need(BEARER, frozenset()),))
    bound = program(paying(demand=BIND, security=either))
    view.tokens[b"cookie"] = Verified(replace(ALICE, scheme="session", claims={"acr": "urn:weak"}))
    asked = pay(BODY, cookie=b"sid=cookie")
    asked.headers.pop(b"authorization")
    digest = wanted(run(bound, asked, BODY)[0])
    claims = {
        "iat": NOW,
        "acr": "urn:strong",
        "auth_time": NOW,
        "authorization_details": [detail(digest)],
    }
    token = replace(ALICE, credential="t1", expires=NOW + 100, claims=claims)
    view.tokens[b"good"] = Verified(replace(token, id="mallory"))
    assert wanted(run(bound, pay(BODY, cookie=b"sid=cookie"), BODY)[0]) == digest
    view.tokens[b"good"] = Verified(token)
    assert code(run(bound, pay(BODY, cookie=b"sid=cookie"), BODY)[0]) == "allow"


def test_while_it_only_observes_nothing_is_used_up(ask, view):
    """A rule in mode `observe` says what it would have asked for, and lets go."""
    bound = binding(modes=ENFORCED | {"sensitive": Mode.OBSERVE})
    decision, x = ask(bound)
    assert code(decision) == "allow"
    assert [one.code for one in x.observed] == ["step-up-needed"]
    digest = dict(x.observed[0].members)["authorization_details"][0]["digest"]
    assert not ask(bound, digest)[1].observed
    assert not view.used


def test_what_cannot_be_frozen_is_refused(run):
    """A body that nobody reads, a tunnel: there is nothing a token could be for."""
    unread = replace(HOW, reads=False)
    for one in (
        paying(unread, demand=BIND, body=None, stream_request=True),
        paying(None, demand=BIND),
    ):
        assert code(run(program(one), pay(BODY), BODY)[0]) == "not-permitted"


def test_the_published_vectors_hold(view):
    """What docs/spec/operation-token.md shows is what the code does, byte for byte."""
    plain = text(HOW, BODY, "/pay?note=a", view, idempotency_key=b"7f3c")
    assert plain == VECTORS["vector-1"]
    assert sha256(plain.encode()).hexdigest() == VECTORS["digest-1"]
    secret = text(
        SECRETIVE,
        b'{"amount":7,"pin":"1234"}',
        "/pay/B%C3%B6?otp=1&api_key=yett_x&note=a",
        view,
        sealed=VECTORS["sealed-2"],
        x_code=b"s3",
        cookie=b"sid=1; area=north",
    )
    assert secret == VECTORS["vector-2"]
    assert sha256(secret.encode()).hexdigest() == VECTORS["digest-2"]


def text(how, body, target, view, sealed="", **fields):
    bound = program(paying(how, demand=BIND, id="shop.pay", api="shop"))
    x = Exchange(bound, pay(body, target, **fields), view, NOW)
    x.plan, x.body, x.parsed = bound.plans["shop.pay"], body, json.loads(body)
    return operation_text(look(x, how).members, sealed)


def test_secrets_count_and_cannot_be_guessed(ask, view):
    """A PIN is part of what is signed for, by a seal that only this host can compute."""
    how = replace(SECRETIVE, cookies=())
    bound = binding(how)
    first = wanted(ask(bound, body=b'{"amount":7,"pin":"1234"}')[0])
    other = wanted(ask(bound, body=b'{"amount":7,"pin":"1235"}')[0])
    assert first != other
    view.seal = lambda data, now: sha256(b"another host" + data).hexdigest()
    assert wanted(ask(bound, body=b'{"amount":7,"pin":"1234"}')[0]) != first
    view.seal = lambda data, now: ""
    assert code(ask(bound, body=b'{"amount":7,"pin":"1234"}')[0]) == "keys-unavailable"


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_two_bodies_have_two_digests(one, two):
    """No two bodies are covered by one token."""
    bound = program(paying(demand=BIND))
    digests = []
    for body in (one, two):
        x = Exchange(bound, pay(body), None, NOW)
        x.plan, x.body = bound.plans["api.pay"], body
        digests.append(operation_text(look(x, HOW).members, ""))
    assert (digests[0] == digests[1]) is (one == two)


def test_a_used_token_is_remembered_for_longer_than_it_is_good(ask, view):
    """A request that arrived in time with a slow body cannot outlive the memory of its token."""
    noted, use = [], view.first_use
    view.first_use = lambda name, until, made, now: (
        noted.append((until, made)) or use(name, until, made, now)
    )
    bound = binding()
    ask(bound, wanted(ask(bound)[0]))
    config = bound.policy.config.gateway
    assert noted == [(NOW + 110 + 60 + config.body_timeout + 5, NOW - 10)]
