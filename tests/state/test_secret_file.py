"""A key that processes share: made once, read by nobody else."""

from __future__ import annotations

import threading

import pytest

from yett.state.errors import StateError
from yett.state.secret_file import KEY_BYTES, read_secret


def test_the_key_is_made_once(tmp_path):
    """Whoever comes first makes the key; everybody else reads the same."""
    path = tmp_path / "var" / "a.key"
    first = read_secret(path)
    assert len(first.reveal()) == KEY_BYTES
    assert read_secret(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["a.key"]


def test_twenty_at_once_have_one_key(tmp_path):
    """Processes that start at the same time end up with one key."""
    found, start = [], threading.Barrier(20)

    def read():
        start.wait()
        found.append(read_secret(tmp_path / "a.key").reveal())

    threads = [threading.Thread(target=read) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(found)) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path):
    """A key with wider permissions is no secret any more; the hint says what to do."""
    path = tmp_path / "a.key"
    read_secret(path)
    path.chmod(0o644)
    with pytest.raises(StateError) as refused:
        read_secret(path)
    assert refused.value.hint == f"chmod 600 {path}"


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_what_is_no_key_is_refused(tmp_path, content):
    """A damaged key is not used and not replaced: something was made with it."""
    path = tmp_path / "a.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StateError):
        read_secret(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    """What cannot be made is an error with its path, no exception of the system."""
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StateError):
        read_secret(tmp_path / "var" / "a.key")
