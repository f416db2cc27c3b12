"""Who can vouch, across key changes and reloads."""

from __future__ import annotations

import json

import msgspec
import pytest
from kit import hostile

from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_INVALID, KEYS_UNAVAILABLE
from yett.state.errors import StateError
from yett.state.identity import Identity
from yett.state.keys import COOL_DOWN_SECONDS


def test_an_issuer_twice_is_refused(configure, folder):
    """Two rules for one issuer would be two answers."""
    config = configure().identity
    twice = msgspec.structs.replace(config, issuer=config.issuer * 2)
    with pytest.raises(StateError, match="configured twice"):
        Identity.from_config(twice, folder)


def test_a_missing_file_of_api_keys_says_how_to_make_one(configure, folder):
    """The hint names the command."""
    with pytest.raises(StateError) as caught:
        Identity.from_config(configure(keys="none.json").identity, folder)
    assert "yett key issue" in caught.value.hint


def test_a_reload_that_did_not_touch_identity_keeps_it(configure, folder):
    """Same settings, same object: nothing is verified or fetched again."""
    first = Identity.from_config(configure().identity, folder)
    assert Identity.from_config(configure().identity, folder, first) is first
    assert Identity.from_config(configure(skew=1.0).identity, folder, first) is not first


async def test_a_reload_keeps_the_keys_of_an_issuer_that_is_down(configure, folder, origin):
    """Another issuer's change does not lose the keys of this one."""
    origin.answers["/k"] = (200, {}, json.dumps(hostile.JWKS).encode())
    one = configure(jwks=origin.url + "/k").identity
    first = Identity.from_config(one, folder)
    await first.issuers[hostile.ISSUER].keys.fetch()
    other = msgspec.structs.replace(one.issuer[0], url="https://b.example", jwks="jwks.json")
    both = msgspec.structs.replace(one, issuer=(*one.issuer, other))
    second = Identity.from_config(both, folder, first)
    assert isinstance(second.verify_token(hostile.GOOD, hostile.NOW).principal, object)
    changed = msgspec.structs.replace(
        one, issuer=(msgspec.structs.replace(one.issuer[0], skew=1.0),)
    )
    third = Identity.from_config(changed, folder, second)
    assert third.issuers[hostile.ISSUER].keys.keys is None


async def test_without_keys_the_answer_is_503_once_asking_is_of_no_use(configure, folder, origin):
    """An issuer that never answered is an outage, not a bad credential."""
    identity = Identity.from_config(configure(jwks=origin.url + "/none").identity, folder)
    assert identity.verify_token(hostile.GOOD, hostile.NOW) == Verified(None, hostile.ISSUER, "ec")
    await identity.issuers[hostile.ISSUER].keys.fetch()
    problem = identity.verify_token(hostile.GOOD, hostile.NOW)
    assert problem.kind is KEYS_UNAVAILABLE
    assert problem.headers == ((b"retry-after", b"%d" % COOL_DOWN_SECONDS),)


def test_an_unknown_key_of_a_file_is_refused_at_once(configure, folder):
    """There is nothing to fetch, so nothing is asked."""
    identity = Identity.from_config(configure().identity, folder)
    problem = identity.verify_token(hostile.HOSTILE["kid unknown"], hostile.NOW)
    assert problem.kind is CREDENTIAL_INVALID
    assert problem.note == f"unknown key of {hostile.ISSUER}"


def test_a_retired_key_forgets_what_it_signed(configure, folder):
    """A remembered token is not better than the key behind it."""
    identity = Identity.from_config(configure().identity, folder)
    assert isinstance(identity.verify_token(hostile.GOOD, hostile.NOW), Verified)
    assert len(identity.tokens) == 1
    rest = {"keys": [hostile.ec_jwk(hostile.OTHER_EC, "ec2")]}
    (folder / "jwks.json").write_text(json.dumps(rest))
    identity.issuers[hostile.ISSUER].file.poll()
    assert len(identity.tokens) == 0
    assert identity.verify_token(hostile.GOOD, hostile.NOW).kind is CREDENTIAL_INVALID


def test_api_keys_without_a_file_are_refused(configure, folder):
    """No file, no keys."""
    identity = Identity.from_config(configure().identity, folder)
    assert identity.verify_key(b"x", hostile.NOW, "").kind is CREDENTIAL_INVALID
