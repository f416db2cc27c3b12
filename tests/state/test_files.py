"""Files that are read again when they change."""

from __future__ import annotations

import json

import pytest

from yett.state.errors import StateError
from yett.state.files import WatchedFile


def read(raw):
    try:
        return json.loads(raw)
    except ValueError:
        raise StateError("is not JSON", hint="mend it") from None


def test_a_change_is_seen_and_a_broken_one_is_not_taken(tmp_path, caplog):
    """The last good value stays in force until the file is good again."""
    path = tmp_path / "f"
    path.write_text("1")
    file = WatchedFile(path, read)
    assert not file.poll()
    path.write_text("22")
    assert file.poll()
    assert file.value == 22
    path.write_text("{")
    assert not file.poll()
    assert file.value == 22
    assert "the last good version stays in force" in caplog.text
    assert not file.poll()
    path.write_text("333")
    assert file.poll()
    assert file.value == 333


def test_an_atomic_replacement_of_equal_size_is_seen(tmp_path):
    """A rename over the file in the same tick is told by its inode."""
    path, fresh = tmp_path / "f", tmp_path / "g"
    path.write_text("1")
    file = WatchedFile(path, read)
    fresh.write_text("2")
    fresh.replace(path)
    assert file.poll()
    assert file.value == 2


def test_a_file_that_may_be_absent_is_taken_when_it_comes_and_kept_when_it_goes(tmp_path):
    """It starts with its empty value; once there, removing it does not bring that back."""
    path = tmp_path / "f"
    needed_path = tmp_path / "g"
    needed_path.write_text("1")
    file, needed = WatchedFile(path, read, 0), WatchedFile(needed_path, read)
    assert (file.value, file.poll()) == (0, False)
    path.write_text("5")
    assert file.poll()
    for gone, held in ((path, file), (needed_path, needed)):
        gone.unlink()
        assert not held.poll()
    assert (file.value, needed.value) == (5, 1)
    path.write_text("66")
    assert file.poll()
    assert file.value == 66


def test_at_load_a_broken_or_missing_file_is_an_error(tmp_path):
    """There is no last good value yet, so it says what is wrong and where."""
    with pytest.raises(StateError, match="no such file"):
        WatchedFile(tmp_path / "none", read)
    (tmp_path / "f").write_text("{")
    with pytest.raises(StateError) as caught:
        WatchedFile(tmp_path / "f", read)
    assert (caught.value.path, caught.value.hint) == (str(tmp_path / "f"), "mend it")
    with pytest.raises(StateError, match="cannot be read"):
        WatchedFile(tmp_path, read)
