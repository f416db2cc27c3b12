"""Client data: one reading, one origin, at the top."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kit.authenticator import client_data

from yett.credentials.passkeys.client_data import CREATE, GET, ClientData, read_client_data

ORIGIN = "https://api.example.com"


def test_what_a_browser_says_is_read():
    """Members that we do not know are ignored (s5.8.1: there will be more)."""
    data = client_data(b"c", other_keys_can_be_added_here="do not compare against a template")
    assert read_client_data(data, GET, ORIGIN) == ClientData(b"c")


def test_an_older_browser_leaves_cross_origin_out():
    """Absent is not framed."""
    data = b'{"type":"webauthn.create","challenge":"Yw","origin":"https://api.example.com"}'
    assert read_client_data(data, CREATE, ORIGIN) == ClientData(b"c")


def test_refusals_say_what_and_quote_nothing():
    """The record learns which rule; nothing that was sent is repeated."""
    framed = read_client_data(client_data(b"c", crossOrigin=True), GET, ORIGIN)
    assert framed == "the ceremony was in a frame of another site"
    elsewhere = read_client_data(client_data(b"c", origin="https://evil.example"), GET, ORIGIN)
    assert elsewhere == "the ceremony was at another origin"
    empty = read_client_data(client_data(b""), GET, ORIGIN)
    assert empty == "the challenge is missing or not base64url"


@given(st.binary(max_size=300))
def test_no_bytes_are_taken_for_client_data(raw):
    """Anything else is a reason."""
    assert isinstance(read_client_data(raw, GET, ORIGIN), str)
