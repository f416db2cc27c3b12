"""API keys: spelling, comparison, bounds."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.credentials.api_key import (
    ALPHABET,
    KeyRecord,
    KeyRecordError,
    build_key,
    checksum,
    digest_of,
    hold,
    key_id,
    verify_key,
)
from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID, CREDENTIAL_REVOKED

# Fixed, because it is part of test ids: every worker of xdist must collect the same ones.
KEY = build_key("live", "key", "Ab3dEf9h", "9sKq0ZxT4mVb7LrYw2Hc8JnPd5GfA1Qe")
NOW = 1_800_000_000.0


def record(**changed):
    fixed = {
        "id": "Ab3dEf9h",
        "digest": digest_of(KEY.encode()),
        "owner": "ana",
        "expires": NOW + 10,
    }
    return KeyRecord(**{**fixed, **changed})


def check(key=KEY, *, now=NOW, source="192.0.2.7", **changed):
    return verify_key(key.encode(), hold((record(**changed),)), now, source)


def test_a_known_key_proves_its_owner():
    """The principal is the owner with the key's own grants, named by an id that is safe to log."""
    principal = check(scopes=("a:read",), roles=("r",), tenant="t").principal
    assert (principal.id, principal.kind, principal.issuer) == ("ana", "key", "yett:keys")
    assert (principal.scopes, principal.roles, principal.tenant) == ({"a:read"}, {"r"}, "t")
    assert (principal.credential, principal.expires) == ("Ab3dEf9h", NOW + 10)
    assert KEY[-38:] not in repr(principal)


def test_the_checksum_is_the_crc_in_base_62():
    """Scanners can compute it with what they have."""
    value = 0
    for digit in checksum(b"yett_live"):
        value = value * 62 + ALPHABET.index(chr(digit))
    assert value == zlib.crc32(b"yett_live")
    assert len(checksum(b"")) == 6


@given(st.integers(0, len(KEY) - 1), st.sampled_from(ALPHABET))
def test_every_typo_is_caught_offline(at, letter):
    """Replacing any one character is noticed without asking for the key."""
    typo = KEY[:at] + letter + KEY[at + 1 :]
    assert key_id(typo.encode()) == ("Ab3dEf9h" if typo == KEY else "")


@given(st.integers(0, len(KEY) - 2))
def test_swapped_neighbours_are_caught_offline(at):
    """The other common typo."""
    typo = KEY[:at] + KEY[at + 1] + KEY[at] + KEY[at + 2 :]
    assert typo == KEY or key_id(typo.encode()) == ""


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"yett_",
        KEY.encode()[:-1],
        KEY.encode() + b"A",
        b" " + KEY.encode(),
        KEY.encode() + b"\n",
    ],
)
def test_only_the_exact_form_is_a_key(text):
    """Nothing before, after or missing."""
    assert key_id(text) == ""


@given(st.binary(max_size=120))
def test_any_bytes_are_refused_without_raising(text):
    """The reader is total."""
    assert verify_key(text, hold((record(),)), NOW, "").kind is CREDENTIAL_INVALID


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"digest": "0" * 64}, CREDENTIAL_INVALID),
        ({"id": "zzzzzzzz"}, CREDENTIAL_INVALID),
        ({"revoked": 1.0}, CREDENTIAL_REVOKED),
        ({"expires": NOW}, CREDENTIAL_EXPIRED),
        ({"not_before": NOW + 1}, CREDENTIAL_INVALID),
        ({"networks": ("10.0.0.0/8",)}, CREDENTIAL_INVALID),
    ],
)
def test_what_is_not_good_any_more_is_refused(changed, kind):
    """Each way of not being good has its code, and a challenge."""
    problem = check(**changed)
    assert problem.kind is kind
    assert problem.headers == ((b"www-authenticate", b"ApiKey"),)


def test_a_wrong_secret_does_not_learn_that_the_key_expired():
    """Only who holds the key is told about its state."""
    other = build_key("live", "key", "Ab3dEf9h", "0" * 32)
    for changed in ({"expires": 1.0}, {"revoked": 1.0}, {}):
        assert check(other, **changed).note == "no such API key"


@pytest.mark.parametrize(
    ("source", "accepted"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8:1::5", True),
        ("192.0.3.7", False),
        ("2001:db9::1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_networks_bind_a_key(source, accepted):
    """A key bound to networks is refused from elsewhere and from nowhere."""
    answer = check(source=source, networks=("192.0.2.0/24", "2001:db8::/32"))
    assert isinstance(answer, Verified) is accepted


def test_a_certificate_binds_a_key():
    """Step 4 then lets nobody pass who does not show it; without one the key is a bearer's."""
    bound = check(certificate="A" * 43)
    assert bound.principal.binding == "x5t:" + "A" * 43
    assert not check().principal.binding


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"certificate": "x5t"}, "key `Ab3dEf9h` is bound to what is no thumbprint"),
        ({"certificate": "é" * 43}, "key `Ab3dEf9h` is bound to what is no thumbprint"),
        ({"id": "short"}, "`short` is not a key id"),
        ({"digest": "x"}, "key `Ab3dEf9h` has no SHA-256 digest"),
        ({"owner": ""}, "key `Ab3dEf9h` needs an owner, in printable characters"),
        ({"scopes": ("a b",)}, "key `Ab3dEf9h` has a scope or role that is not a word"),
        ({"roles": ("a\x1b[2J",)}, "key `Ab3dEf9h` has a scope or role that is not a word"),
        ({"expires": float("inf")}, "key `Ab3dEf9h` needs an expiry"),
        ({"expires": 0.0}, "key `Ab3dEf9h` needs an expiry"),
        ({"networks": ("10.0.0.1/8",)}, "key `Ab3dEf9h` has a network that is not a CIDR"),
    ],
)
def test_contradictory_records_are_named(changed, message):
    """A record that cannot be used says which and why."""
    with pytest.raises(KeyRecordError) as caught:
        hold((record(**changed),))
    assert caught.value.message == message


def test_two_records_with_one_id_are_refused():
    """An id has one owner."""
    with pytest.raises(KeyRecordError, match="is there twice"):
        hold((record(), record()))
