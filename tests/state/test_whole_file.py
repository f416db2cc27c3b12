"""A file is whole or as it was; its mode does not hang on the mask, and nothing is left beside it."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from yett.state.whole_file import PRIVATE, PUBLIC, make_file, replace_file


@pytest.mark.parametrize("mode", [PRIVATE, PUBLIC])
@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_the_mode_is_the_one_asked_for(tmp_path, mode, mask):
    """Neither wider nor narrower, whoever started the process."""
    before = os.umask(mask)
    try:
        replace_file(tmp_path / "f", b"x", mode)
        assert make_file(tmp_path / "g", b"x", mode)
    finally:
        os.umask(before)
    for name in "fg":
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode


def test_of_many_who_make_it_one_does(tmp_path):
    """All find the same content afterwards, and no draft."""
    path, made = tmp_path / "key", []
    threads = [
        threading.Thread(target=lambda at=at: made.append(make_file(path, bytes([at]), PRIVATE)))
        for at in range(16)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert made.count(True) == 1
    assert len(path.read_bytes()) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_what_fails_leaves_the_old_file(tmp_path):
    """A folder stands where the file should: an error, and no draft stays."""
    (tmp_path / "f").mkdir()
    (tmp_path / "f/inside").touch()
    with pytest.raises(OSError, match="f"):
        replace_file(tmp_path / "f", b"new", PRIVATE)
    assert [one.name for one in tmp_path.iterdir()] == ["f"]
