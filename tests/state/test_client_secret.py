"""Our secret at others: one line of a file, never shown but to them, in the form they can read."""

from __future__ import annotations

from base64 import b64decode

import pytest

from yett.state.client_secret import basic, read_client_secret
from yett.state.errors import StateError
from yett.terms import Secret


@pytest.mark.parametrize("data", [b"", b" \n", b"a\nb", b"a\x00", b"\xff\xfe", b"a" * 2000])
def test_what_is_no_secret_refuses_to_start(data):
    """One line of text, not too long."""
    with pytest.raises(StateError, match="no client secret"):
        read_client_secret(data)
    assert "s3" not in repr(read_client_secret(b"s3cret\n"))


def test_both_parts_are_form_encoded_first():
    """A colon in the name would else move the border, and letters beyond ASCII have no bytes."""
    shown = basic("gate:1", Secret("s3cret/+: ü".encode())).reveal()
    assert b64decode(shown.removeprefix(b"Basic ")) == b"gate%3A1:s3cret%2F%2B%3A%20%C3%BC"
