"""The `Client-Cert` field: one byte sequence, one spelling, one certificate, or a refused request."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.authority import Authority

from yett.problems import MALFORMED_REQUEST, Problem
from yett.wire.certificate import read_certificate
from yett.wire.client_cert import read_client_cert

LEAF = Authority().issue("uri:spiffe://example.org/billing")
TEXT = b64encode(LEAF.der)


def test_a_byte_sequence_is_read():
    """`:BASE64:` is the certificate itself (RFC 9440 s2.1)."""
    assert read_client_cert(b":%b:" % TEXT) == read_certificate(LEAF.der)


def twin():
    """Another spelling of a value: the same bytes, with bits set behind the last."""
    text = b64encode(LEAF.der + b"\x00" * (-len(LEAF.der) % 3 + 1))
    return text[:-3] + bytes([text[-3] + 1]) + text[-2:]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b":",
        b"::",
        TEXT,
        b":%b" % TEXT,
        b"%b:" % TEXT,
        b'"%b"' % TEXT,
        b":%b:, :%b:" % (TEXT, TEXT),
        b":%b:;a=1" % TEXT,
        b":%b: " % TEXT,
        b": %b:" % TEXT,
        b":%b=:" % TEXT,
        b":%b:" % TEXT.rstrip(b"=")[:-1],
        b":%b:" % TEXT.replace(b"M", b"-", 1),
        b":%b\n%b:" % (TEXT[:64], TEXT[64:]),
        b":%b:" % twin(),
        b":%b:" % b64encode(LEAF.pem),
        b":%b:" % b64encode(LEAF.der + b"\x00"),
        b":%b:" % b64encode(LEAF.der[:-1]),
        b":%b:" % b64encode(b"\x30" * 20_000),
        b"-----BEGIN CERTIFICATE-----%20" + TEXT,
    ],
    ids=range(21),
)
def test_anything_else_is_refused(value):
    """Other forms, lists, parameters, other spellings and other bytes; the connection ends."""
    found = read_client_cert(value)
    assert isinstance(found, Problem)
    assert (found.kind, found.close) == (MALFORMED_REQUEST, True)
    assert TEXT[:20].decode() not in found.detail + found.note


@given(st.binary(max_size=64))
def test_whatever_comes_is_answered(value):
    """No bytes raise."""
    assert isinstance(read_client_cert(b":%b:" % value), Problem)
