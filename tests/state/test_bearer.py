"""The token of `[authz] read_as`: one line, read again, never shown."""

from __future__ import annotations

import logging

import pytest

from yett.contract.config import AuthzConfig
from yett.state.bearer import read_bearer, watch_bearer
from yett.state.errors import StateError


def test_a_token_is_read_and_read_again(tmp_path, caplog):
    """A rotated token is taken at the next look; a broken one leaves the last good one."""
    file = tmp_path / "token"
    file.write_bytes(b"one\n")
    found = watch_bearer(AuthzConfig(read_as="token"), tmp_path)
    assert found.value.reveal() == b"one"
    file.write_bytes(b"second-secret")
    assert found.poll()
    assert found.value.reveal() == b"second-secret"
    with caplog.at_level(logging.DEBUG):
        file.write_bytes(b"two lines\r\nx-admin: 1")
        assert not found.poll()
    assert found.value.reveal() == b"second-secret"
    assert "secret" not in caplog.text
    assert "x-admin" not in caplog.text
    assert "second-secret" not in repr(found.value)


def test_the_callers_own_needs_no_file(tmp_path):
    """`caller` names no file, even where there is one of that name."""
    (tmp_path / "caller").write_bytes(b"x")
    assert watch_bearer(AuthzConfig(), tmp_path) is None


def test_a_missing_file_is_said(tmp_path):
    """A configured file that is not there stops the start."""
    with pytest.raises(StateError, match="no such file"):
        watch_bearer(AuthzConfig(read_as="token"), tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"a b", b"a\r\nb: c", b"a\x00", b"a" * 20_000, b"\xff"]
)
def test_what_no_field_can_carry_is_refused(data):
    """Nothing but a token becomes part of a header: no second line, no blank, no control."""
    with pytest.raises(StateError) as caught:
        read_bearer(data)
    assert caught.value.hint
