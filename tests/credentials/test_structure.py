"""The structural gate: one spelling or none."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import hostile

from yett.credentials.structure import (
    MAX_TOKEN_BYTES,
    RawToken,
    is_identifier,
    is_thumbprint,
    media_type,
    read_header,
    read_token,
    split,
)


def test_a_good_token_is_cut_into_what_was_signed():
    """Header, claims and signing input are the token's own bytes."""
    raw = read_token(hostile.GOOD)
    assert isinstance(raw, RawToken)
    assert raw.segments.signing_input == hostile.GOOD.rpartition(b".")[0]
    assert raw.unverified_claims == hostile.claims()
    assert (raw.header.algorithm, raw.header.kid, raw.header.type) == ("ES256", "ec", "at+jwt")


def test_a_key_is_named_unless_the_caller_knows_it():
    """An absent `kid` is refused, or read as empty where it is not needed; a wrong one never is."""
    for header, usual, unneeded in (
        (b'{"alg":"ES256"}', "`kid` is missing or not an identifier", ""),
        (b'{"alg":"ES256","kid":"k"}', "k", "k"),
        (b'{"alg":"ES256","kid":""}', "`kid` is missing or not an identifier", None),
        (b'{"alg":"ES256","kid":null}', "`kid` is missing or not an identifier", None),
    ):
        usually, otherwise = read_header(header), read_header(header, kid_needed=False)
        assert getattr(usually, "kid", usually) == usual
        assert getattr(otherwise, "kid", None) == unneeded


def test_every_prefix_and_every_extension_is_refused_or_another_token():
    """A token fed byte by byte is never taken for whole, nor with anything after it."""
    whole = split(hostile.GOOD)
    for end in range(len(hostile.GOOD)):
        assert split(hostile.GOOD[:end]) != whole
    for byte in range(256):
        assert split(hostile.GOOD + bytes([byte])) != whole


@given(st.binary(min_size=1, max_size=300))
def test_each_byte_string_has_one_spelling(raw):
    """Of all encodings of a segment that Python would decode, one is accepted."""
    text = urlsafe_b64encode(raw).rstrip(b"=")
    assert split(b".".join([text, text, text])).payload == raw
    for last in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        other = text[:-1] + bytes([last])
        padded = other + b"=" * (-len(other) % 4)
        if other != text and urlsafe_b64decode(padded) == raw:
            assert isinstance(split(b".".join([text, other, text])), str)


def test_the_size_cap_is_inclusive():
    """8 KB is read, one byte more is refused before anything is decoded."""
    token = b"QUFB." + b"QUFB" * ((MAX_TOKEN_BYTES - 10) // 4) + b".QUFB"
    assert not isinstance(split(token), str)
    assert split(token + b"QUFB" * 10) == "the token is too long"


@pytest.mark.parametrize(
    ("typ", "folded"),
    [
        ("at+jwt", "at+jwt"),
        ("application/at+jwt", "at+jwt"),
        ("APPLICATION/AT+JWT", "at+jwt"),
        ("text/at+jwt", "text/at+jwt"),
        ("application/a/b", "application/a/b"),
        ("", ""),
    ],
)
def test_types_fold_as_the_rfc_says(typ, folded):
    """RFC 7515 s4.1.9: `application/` may be left out when no other slash follows."""
    assert media_type(typ) == folded


@given(st.text(max_size=300))
def test_identifiers_can_be_written_anywhere(value):
    """What passes as an identifier has no control character and is bounded."""
    if is_identifier(value):
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value)
        assert 0 < len(value) <= 255
        value.encode()


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (hostile.THUMBPRINT, True),
        (hostile.THUMBPRINT[:-1] + "B", False),
        (hostile.THUMBPRINT + "=", False),
        (hostile.THUMBPRINT[:-1], False),
        ("+" * 43, False),
        ("é" * 43, False),
        ("", False),
    ],
)
def test_a_thumbprint_is_a_sha_256_in_its_one_spelling(text, good):
    """Two spellings would be two bindings of one key."""
    assert is_thumbprint(text) is good
