"""What pages send: read strictly, in one spelling."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.credentials.passkeys.shown import decode, encode, read_assertion, read_attestation

GOOD = {
    "id": "YWJj",
    "rawId": "YWJj",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "YQ", "signature": "Yg"},
}


def text(**changes):
    return json.dumps({**GOOD, **changes})


def test_a_credential_is_read_into_bytes():
    """A missing user handle is an empty one."""
    shown = read_assertion(json.dumps(GOOD))
    assert (shown.id, shown.client_data, shown.user) == ("YWJj", b"{}", b"")
    assert shown.fields()["response"]["signature"] == "Yg"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "YWJj=", "rawId": "YWJj="},
        {"id": encode(b"x" * 1024), "rawId": encode(b"x" * 1024)},
        {"rawId": "YWJk"},
        {"type": "password"},
        {"response": []},
        {"response": {"clientDataJSON": "e3 0"}},
        {"response": {"clientDataJSON": 7}},
        {"response": {"clientDataJSON": "e30", "signature": "Yh"}},
    ],
)
def test_odd_credentials_are_refused(changes):
    """Other spellings, two ids, other types."""
    assert isinstance(read_assertion(text(**changes)), str)


def test_transports_are_hints_and_bounded():
    """Odd ones are left out, none is an error."""
    response = {
        "clientDataJSON": "e30",
        "attestationObject": "YQ",
        "transports": ["usb", "usb", "<script>", 7, *("a" * n for n in range(1, 12))],
    }
    made = read_attestation(text(response=response))
    assert made.transports[:2] == ("usb", "a")
    assert len(made.transports) == 8
    response["transports"] = "usb"
    assert read_attestation(text(response=response)).transports == ()


@given(st.binary())
def test_what_is_written_is_read(raw):
    """Encoding and decoding are inverse."""
    assert decode(encode(raw)) == raw


@given(st.text(max_size=12))
def test_only_what_would_be_written_is_read(said):
    """One spelling of the same bytes."""
    raw = decode(said)
    assert raw is None or encode(raw) == said
