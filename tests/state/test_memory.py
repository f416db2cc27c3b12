"""The whole view: hostile tokens, memory of good ones, reloads, revocation, real fetching."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from kit import hostile

from yett.credentials.verifier import Verified
from yett.engine.view import View
from yett.policy.limits import parse_limit
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID, Problem
from yett.state.errors import StateError
from yett.state.memory import MemoryView


@pytest.fixture
def view(configure, folder) -> View:
    return MemoryView.from_config(configure(), folder)


def test_every_hostile_token_is_refused_twice(view):
    """Whatever was remembered in between, the second look is as strict as the first."""
    for _ in range(2):
        for name, token in hostile.HOSTILE.items():
            assert isinstance(view.verify("bearer", token, hostile.NOW), Problem), name
        for token in hostile.CONTROLS.values():
            assert view.verify("bearer", token, hostile.NOW).principal.id == "user-1"


def test_a_hit_costs_no_signature_and_still_expires(view):
    """The second verification is at least ten times cheaper, and ends when the token does."""
    token, now = hostile.good(jti="hit"), hostile.NOW
    cold = time.thread_time()
    first = view.verify("bearer", token, now)
    cold = time.thread_time() - cold
    warm = time.thread_time()
    for _ in range(1000):
        assert view.verify("bearer", token, now) is first
    warm = (time.thread_time() - warm) / 1000
    assert warm < cold / 10
    end = first.principal.expires
    assert view.verify("bearer", token, end - 0.01) is first
    assert view.verify("bearer", token, end).kind is CREDENTIAL_EXPIRED


def test_a_hit_is_the_exact_bytes(view):
    """A remembered token with anything added is another token."""
    view.verify("bearer", hostile.GOOD, hostile.NOW)
    for other in (hostile.GOOD + b"=", hostile.GOOD + b" ", b" " + hostile.GOOD, hostile.GOOD[:-1]):
        assert isinstance(view.verify("bearer", other, hostile.NOW), Problem)


def test_unknown_schemes_are_refused(view):
    """What no verifier knows is not a credential."""
    assert view.verify("basic", b"x", hostile.NOW).kind is CREDENTIAL_INVALID


def test_a_revocation_counts_for_remembered_tokens(view, folder):
    """The file is read again and covers what was verified before; only an empty list ends that."""
    principal = view.verify("bearer", hostile.GOOD, hostile.NOW).principal
    assert not view.revoked(principal)
    path = folder / "var" / "revoked.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"revoked": [{"kind": "sub", "value": "user-1"}]}))
    view.reload_files()
    assert view.revoked(principal)
    path.write_text("{")
    view.reload_files()
    assert view.revoked(principal)
    path.unlink()
    view.reload_files()
    assert view.revoked(principal)
    path.write_text('{"revoked": []}')
    view.reload_files()
    assert not view.revoked(principal)


def test_a_broken_revocation_file_refuses_to_start(configure, folder):
    """Not knowing who is revoked is no reason to let everybody in."""
    (folder / "var").mkdir()
    (folder / "var" / "revoked.json").write_text("{")
    with pytest.raises(StateError, match="is not a list of revocations"):
        MemoryView.from_config(configure(), folder)


def test_a_reload_resets_no_quota_and_keeps_what_is_under_way(configure, folder, view):
    """Counters, failures and requests under way go on in the next view."""
    limit = parse_limit("1/day per principal", name="d")
    view.take("ana", limit, 1, hostile.NOW)
    view.enter("ana", 1)
    for _ in range(60):
        view.failed("192.0.2.1", hostile.NOW)
    after = MemoryView.from_config(configure(skew=1.0), folder, previous=view)
    assert not after.take("ana", limit, 1, hostile.NOW).ok
    assert not after.enter("ana", 1)
    assert after.failing("192.0.2.1", hostile.NOW) > 0
    view.leave("ana")
    assert after.enter("ana", 1)


def test_a_reload_lifts_no_revocation(configure, folder, view):
    """A file that is gone at the moment of a reload does not let anybody back in."""
    principal = view.verify("bearer", hostile.GOOD, hostile.NOW).principal
    path = folder / "var" / "revoked.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"revoked": [{"kind": "jti", "value": "t-1"}]}))
    view.reload_files()
    path.unlink()
    assert MemoryView.from_config(configure(skew=1.0), folder, previous=view).revoked(principal)


async def test_keys_are_fetched_when_the_engine_asks(configure, folder, origin):
    """Unknown key, question, fetch, second look: with rotation and a flood in between."""
    ec = hostile.ec_jwk(hostile.EC, "ec")
    origin.answers["/k"] = (200, {}, json.dumps({"keys": [ec]}).encode())
    view = MemoryView.from_config(configure(jwks=origin.url + "/k"), folder)
    missing = view.verify("bearer", hostile.GOOD, hostile.NOW)
    assert missing == Verified(None, hostile.ISSUER, "ec")
    assert await view.fetch_keys(missing.issuer, missing.kid)
    assert view.verify("bearer", hostile.GOOD, hostile.NOW).principal.id == "user-1"
    for number in range(1000):
        flood = hostile.good({"kid": f"unknown-{number}"})
        assert view.verify("bearer", flood, hostile.NOW).kind is CREDENTIAL_INVALID
        assert not await view.fetch_keys(hostile.ISSUER, f"unknown-{number}")
    assert origin.hits["/k"] == 1
    assert not await view.fetch_keys("https://evil.example", "k")


async def test_start_fetches_every_issuer_and_survives_one_that_is_down(configure, folder, origin):
    """Starting waits for what answers and does not fail for what does not."""
    origin.answers["/k"] = (200, {}, json.dumps(hostile.JWKS).encode())
    view = MemoryView.from_config(configure(jwks=origin.url + "/k"), folder)
    await view.start()
    assert view.verify("bearer", hostile.GOOD, hostile.NOW).principal.id == "user-1"
    down = MemoryView.from_config(configure(jwks="http://127.0.0.1:1/k"), folder)
    await down.start()
    assert down.verify("bearer", hostile.GOOD, hostile.NOW).status == 503


async def test_a_tick_starts_what_is_due(configure, folder, origin):
    """The first tick fetches, the next ones leave the issuer alone."""
    origin.answers["/k"] = (200, {}, json.dumps(hostile.JWKS).encode())
    view = MemoryView.from_config(configure(jwks=origin.url + "/k"), folder)
    view.tick()
    for _ in range(200):
        await asyncio.sleep(0.01)
        view.tick()
        if view.identity.issuers[hostile.ISSUER].keys.keys is not None:
            break
    assert "ec" in view.identity.issuers[hostile.ISSUER].keys.keys.keys
    assert origin.hits["/k"] == 1


async def test_no_token_makes_the_gate_fetch_what_it_names(configure, folder, origin):
    """A canary under every address a token can name sees nobody."""
    view = MemoryView.from_config(configure(), folder)
    canary = origin.url + "/canary"
    for name, value in {"jku": canary, "x5u": canary, "kid": canary}.items():
        token = hostile.good({name: value})
        assert isinstance(view.verify("bearer", token, hostile.NOW), Problem)
        await view.fetch_keys(canary, canary)
    assert isinstance(view.verify("bearer", hostile.good(iss=origin.url), hostile.NOW), Problem)
    assert not origin.hits


def test_what_was_shown_and_said_outlives_a_reload(configure, folder, view):
    """Ids that were seen and attributes of principals go on under an unchanged contract."""
    view.saw("u1", ("b1",), hostile.NOW)
    view.enrich("t1", {"customer": "c1"}, hostile.NOW + 60)
    again = MemoryView.from_config(configure(), folder, previous=view)
    assert again.seen("u1", "b1", hostile.NOW + 1)
    assert not again.seen("u2", "b1", hostile.NOW + 1)
    assert again.enriched("t1", hostile.NOW + 1) == {"customer": "c1"}
