"""Step 6: a proof is used up by who is within its limits, and by one of all who come at once."""

from __future__ import annotations

import pytest
from kit import proofs
from kit.engine import ALICE, COOKIE, KEY, drive, need, operation, program, request
from msgspec.structs import replace

from yett.credentials.verifier import Verified
from yett.engine.exchange import Exchange
from yett.engine.steps.once import make_once
from yett.policy.browser import Browser
from yett.policy.limits import parse_limit

NOW, TOKEN, URL = 1000.0, b"bound", "http://api.test/things/7"


@pytest.fixture
def view(view):
    view.tokens[TOKEN] = Verified(replace(ALICE, binding=f"jkt:{proofs.JKT}"))
    return view


def asked(shown=None):
    shown = shown or proofs.proof("GET", URL, TOKEN, now=NOW)
    return request(authorization=b"DPoP " + TOKEN, dpop=shown)


def test_who_is_over_its_quota_fills_no_memory(run, view):
    """A client that goes on after 429 takes no place of others' proofs."""
    bound = program(operation(limits=(parse_limit("10/min per principal", name="l"),)))
    view.quota["iss alice"] = 3
    codes = [run(bound, asked())[0].problem for _ in range(9)]
    assert [one and one.code for one in codes] == [None] * 3 + ["quota-exceeded"] * 6
    assert len(view.used) == 3


def test_a_proof_that_was_not_taken_is_still_good(run, view):
    """What step 6 refused for its quota may come again, with the same proof."""
    bound = program(operation(limits=(parse_limit("10/min per principal", name="l"),)))
    view.quota["iss alice"], shown = 0, proofs.proof("GET", URL, TOKEN, now=NOW)
    assert run(bound, asked(shown))[0].problem.code == "quota-exceeded"
    view.quota["iss alice"] = 9
    assert run(bound, asked(shown))[0].problem is None
    decision = run(bound, asked(shown))[0]
    assert (decision.step, decision.problem.code) == (4, "proof-invalid")
    assert view.quota["iss alice"] == 8


def test_of_those_that_come_at_once_one_passes(view):
    """Both were looked at before either was used up: the second is refused, and gives back."""
    bound = program(operation(concurrency=5))
    view.unused = lambda *_: True
    shown = proofs.proof("GET", URL, TOKEN, now=NOW)
    first, second = (Exchange(bound, asked(shown), view, NOW) for _ in range(2))
    assert drive(first)[0].problem is None
    refused = drive(second)[0]
    assert (refused.step, refused.problem.code, refused.problem.status) == (6, "proof-invalid", 401)
    assert b'error="invalid_dpop_proof"' in dict(refused.problem.headers)[b"www-authenticate"]
    assert not second.entered
    assert view.inside["iss alice api.GET /things/{id}"] == 1


@pytest.mark.parametrize("security", [need(KEY), need(COOKIE), ((),), None])
def test_where_no_proof_can_come_there_is_no_step(security):
    """API keys and cookies are paid for by nobody."""
    bound = program(operation(security=security, public=security is None))
    browser = Browser.from_config(bound.policy.config.cors, answers=True)
    assert make_once(operation(security=security), bound.policy, browser) is None
