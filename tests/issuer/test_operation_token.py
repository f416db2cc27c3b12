"""From the gate's challenge through the issuer and back: a token for one call, bound to a key."""

from __future__ import annotations

import json

import pytest
from kit import proofs
from kit.accounts import NOW
from kit.engine import DictView, drive, need, program
from kit.frozen import HOW, pay, paying
from kit.oauth import Party
from kit.visiting import Visitor, hidden_of, place_of, wish
from msgspec.structs import replace

from yett.contract.builtin import issuers_of
from yett.contract.model import Sensitive
from yett.credentials.jwt import read_issued, verify_jwt
from yett.credentials.keyset import load_keys
from yett.engine.exchange import Exchange
from yett.issuer.keys import public_set
from yett.state.issuers import rules_of

BODY = b'{"amount":7}'
URL = "http://api.test/pay"
BOUND = program(paying(HOW, demand=Sensitive(bind="operation", max_age=300), security=need()))


@pytest.fixture
def gate(server):
    """Decide payments at a gate that trusts this issuer; answers the problem, None to let it go."""
    view = DictView()
    [issuer] = issuers_of(server.config.identity)
    rules = rules_of(issuer)

    def decide(token, body=BODY, shown=None):
        with server.store.read() as tx:
            keys = load_keys(json.dumps(public_set(tx)).encode(), rules.algorithms)
        raw, known = read_issued(token, {rules.issuer: rules})
        view.tokens[token] = verify_jwt(raw, known, keys, NOW)
        asked = pay(body)
        asked.headers[b"authorization"] = (b"DPoP " if shown else b"Bearer ") + token
        if shown:
            asked.headers[b"dpop"] = shown
        decision, _ = drive(Exchange(BOUND, replace(asked, authority="api.test"), view, NOW), body)
        return decision.problem

    return decide


def test_a_challenge_becomes_a_token_that_is_good_once(server, gate):
    """What the gate asks for the issuer grants as it is, and the gate takes it, once."""
    party = Party(server, name="bank", trusted=True)
    browser = Visitor(server)
    browser.sign_in(party.user)

    def token(**more):
        answer = browser.get("/authorize", **wish("bank", **more))
        if "code" not in place_of(answer)[1]:
            page = browser.follow(answer)
            answer = browser.post("/consent", answer="allow", **hidden_of(page))
        code = place_of(answer)[1]["code"]
        return party.exchange(code, headers=party.dpop())["access_token"].encode()

    def shown(token):
        return proofs.proof("POST", URL, token, now=NOW)

    plain = token()
    told = gate(plain, shown=shown(plain))
    assert told.code == "step-up-needed"
    assert told.headers[0][1].startswith(b"DPoP algs=")
    wanted = json.dumps(dict(told.members)["authorization_details"])
    bound = token(authorization_details=wanted)
    assert gate(bound).code == "credential-invalid"
    assert gate(bound, b'{"amount":8}', shown(bound)).code == "step-up-needed"
    assert gate(bound, shown=shown(bound)) is None
    assert gate(bound, shown=shown(bound)).detail == "the token was used before"
