"""Nonces that nobody has to remember."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.state.nonces import NONCE_KEY_FILE, WINDOW_SECONDS, Nonces

NOW = 1_800_000_000.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / NONCE_KEY_FILE


def test_all_processes_of_a_host_accept_a_nonce(path):
    """What one worker gives out every other accepts, also one that starts later."""
    nonce = Nonces(path).nonce(NOW).decode()
    assert Nonces(path).accepts(nonce, NOW)


@pytest.mark.parametrize(("later", "good"), [(0, True), (60, True), (120, False), (3600, False)])
def test_a_nonce_lives_for_a_minute_or_two(path, later, good):
    """A nonce is good in its minute and in the next, not longer."""
    nonces = Nonces(path)
    nonce = nonces.nonce(NOW).decode()
    assert nonces.accepts(nonce, NOW + later) is good


def test_nonces_change_each_minute(path):
    """Each minute has its own nonce; within it the nonce is the same."""
    nonces = Nonces(path)
    at = [nonces.nonce(NOW + shift) for shift in (0, 1, WINDOW_SECONDS, 2 * WINDOW_SECONDS)]
    assert at[0] == at[1]
    assert len(set(at)) == 3


def test_nonces_of_another_key_are_none(path, tmp_path):
    """Without the key of this host nobody makes a nonce that it accepts."""
    stranger = Nonces(tmp_path / "other" / "nonce.key")
    assert not Nonces(path).accepts(stranger.nonce(NOW).decode(), NOW)


@given(st.text())
def test_no_text_is_a_nonce_by_chance(tmp_path_factory, text):
    """Whatever is presented as a nonce, only ours is accepted, and nothing raises."""
    nonces = Nonces(tmp_path_factory.getbasetemp() / "nonces" / "nonce.key")
    assert not nonces.accepts(text, NOW)


def test_a_nonce_is_made_of_what_a_nonce_may_hold(path):
    """RFC 9449 s8.1: NQCHAR, so it can stand in a field and in a claim."""
    nonce = Nonces(path).nonce(NOW)
    assert 16 <= len(nonce) <= 64
    assert all(
        c in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" for c in nonce
    )


def test_without_a_key_no_nonce_is_given_out_or_accepted(tmp_path, caplog):
    """A key that cannot be made refuses every nonce, is said once, and is tried again later."""
    (tmp_path / "var").write_text("a file")
    nonces = Nonces(tmp_path / NONCE_KEY_FILE)
    assert nonces.nonce(NOW) == b""
    assert not nonces.accepts("", NOW)
    assert len(caplog.records) == 1
    (tmp_path / "var").unlink()
    assert nonces.nonce(NOW + 2)


def test_a_seal_is_the_same_in_all_processes_and_at_all_times(path, tmp_path):
    """What was sealed when a token was asked for is sealed alike when it is used."""
    sealed = Nonces(path).seal(b"1234", NOW)
    assert sealed == Nonces(path).seal(b"1234", NOW + 86400)
    assert sealed != Nonces(path).seal(b"1235", NOW)
    assert sealed != Nonces(tmp_path / "other" / "nonce.key").seal(b"1234", NOW)


def test_a_seal_is_that_of_the_specification(path):
    """The vector of docs/spec/operation-token.md, with a key of zeros."""
    path.parent.mkdir()
    path.write_bytes(bytes(32))
    path.chmod(0o600)
    covered = (
        b'[["body","f69c3f7c1c15e5ef49d643d60209a8a3b45756e5468bbadcf83fe4d4edc90a7b"],'
        b'["x-code","s3"],["query/otp","1"]]'
    )
    assert Nonces(path).seal(covered, NOW) == (
        "1dfaa20bdbaf16752a6d7ea158662e6695c94c96d701038bc6d222c2c8197cb1"
    )


def test_without_a_key_nothing_is_sealed(tmp_path):
    """Where no key can be had the answer is empty, which whoever asks refuses."""
    (tmp_path / "var").write_text("a file")
    assert Nonces(tmp_path / NONCE_KEY_FILE).seal(b"1234", NOW) == ""
