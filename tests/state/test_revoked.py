"""Revocation by name, never by the text of a token."""

from __future__ import annotations

import json

import pytest
from kit import hostile

from yett.state.errors import StateError
from yett.state.revoked import Revocation, Revocations, read_revocations
from yett.terms import Principal

ANA = Principal(
    id="ana",
    kind="user",
    issuer=hostile.ISSUER,
    client="app",
    credential="t-1",
    scheme="jwt",
    claims={"iat": 1000, "sid": "s-1"},
)
KEY = Principal(id="ana", kind="key", issuer="yett:keys", credential="Ab3dEf9h", scheme="api_key")


@pytest.mark.parametrize(
    ("revocation", "token", "key"),
    [
        ({"kind": "sub", "value": "ana"}, True, True),
        ({"kind": "sub", "value": "bob"}, False, False),
        ({"kind": "sub", "value": "ana", "issuer": hostile.ISSUER}, True, False),
        ({"kind": "sub", "value": "ana", "issuer": "https://other"}, False, False),
        ({"kind": "sub", "value": "ana", "before": 1001}, True, True),
        ({"kind": "sub", "value": "ana", "before": 1000}, False, True),
        ({"kind": "client", "value": "app"}, True, False),
        ({"kind": "sid", "value": "s-1"}, True, False),
        ({"kind": "jti", "value": "t-1"}, True, False),
        ({"kind": "jti", "value": "Ab3dEf9h"}, False, False),
        ({"kind": "key", "value": "Ab3dEf9h"}, False, True),
    ],
)
def test_who_is_covered(revocation, token, key):
    """Each kind names what it names; a cut-off spares what was issued at or after it."""
    revocations = Revocations((Revocation(**revocation),))
    assert revocations.covers(ANA) is token
    assert revocations.covers(KEY) is key


def test_a_credential_without_a_date_is_older_than_any_cut_off():
    """What does not say when it was issued cannot prove that it is new."""
    undated = Principal(id="ana", kind="user", issuer="i", scheme="jwt")
    assert Revocations((Revocation(kind="sub", value="ana", before=1),)).covers(undated)


def test_a_forged_looking_claim_does_not_confuse():
    """A session id that is no text is compared as text and revokes nobody by accident."""
    odd = Principal(id="x", kind="user", issuer="i", scheme="jwt", claims={"sid": {"a": [1]}})
    assert not Revocations((Revocation(kind="sid", value="s-1"),)).covers(odd)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"revoked":[{"kind":"token","value":"x"}]}',
        b'{"revoked":[{"kind":"sub"}]}',
        b'{"revoked":[{"kind":"client","value":""}]}',
        b'{"revoked":[{"kind":"sub","value":"x","befor":1}]}',
        b'{"revoke":[]}',
    ],
)
def test_a_mistaken_file_is_a_named_error(raw):
    """An unknown kind or a misspelled field must not silently revoke nobody."""
    with pytest.raises(StateError, match="is not a list of revocations"):
        read_revocations(raw)


def test_the_file_is_read():
    """The documented form."""
    raw = json.dumps({"revoked": [{"kind": "sub", "value": "ana", "reason": "left"}]}).encode()
    assert read_revocations(raw).covers(ANA)
    assert len(read_revocations(b"{}")) == 0


def test_keys_families_and_every_kind_at_once():
    """What a signing key made, and what came from a family; each by its own name alone."""
    token = Principal(
        id="ana", kind="user", issuer="i", scheme="jwt", claims={"grant": "g-1"}, kid="k-1"
    )
    for kind, value in (("kid", "k-1"), ("grant", "g-1")):
        assert Revocations((Revocation(kind=kind, value=value),)).covers(token)
        assert not Revocations((Revocation(kind="jti", value=value),)).covers(token)


def test_one_of_two_may_be_discarded():
    """The same value may be revoked for two reasons; one that is taken back leaves the other."""
    one = Revocation(kind="sub", value="ana")
    other = Revocation(kind="sub", value="ana", issuer=hostile.ISSUER)
    held = Revocations((one, other))
    held.discard(one)
    assert held.covers(ANA)
    held.discard(other)
    held.discard(other)
    assert not held.covers(ANA)
    assert len(held) == 0
