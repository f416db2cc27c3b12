"""What is kept between starts is only ever one's own."""

from __future__ import annotations

import os

import pytest

from yett.contract.kept import name_of, pack
from yett.contract.shelf import MAX_KEPT_FILES, Shelf, own_shelf

DIGEST = "ab" * 32


def test_kept_and_found(tmp_path):
    """A document comes back as it was; the folder and the file are private."""
    shelf = Shelf(tmp_path / "a" / "yett")
    assert shelf.find(DIGEST) is None
    shelf.keep(DIGEST, {"a": [1]})
    assert shelf.find(DIGEST) == {"a": [1]}
    assert (shelf.folder.stat().st_mode & 0o777) == 0o700
    assert ((shelf.folder / name_of(DIGEST)).stat().st_mode & 0o777) == 0o600


def test_a_damaged_file_is_not_used(tmp_path):
    """What does not verify is not there."""
    shelf = Shelf(tmp_path)
    shelf.keep(DIGEST, {"a": [1]})
    kept = tmp_path / name_of(DIGEST)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert shelf.find(DIGEST) is None


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_is_not_used(tmp_path, mode):
    """Somebody else could have put another reading of a contract there."""
    folder = tmp_path / "yett"
    folder.mkdir()
    (folder / name_of(DIGEST)).write_bytes(pack({"a": "poison"}))
    folder.chmod(mode)
    shelf = Shelf(folder)
    assert shelf.find(DIGEST) is None
    shelf.keep("cd" * 32, {"b": 1})
    assert len(list(folder.iterdir())) == 1


def test_links_are_not_followed(tmp_path):
    """Neither a folder nor a file is taken from where a link leads, and nothing is cleared there."""
    other = tmp_path / "precious"
    other.mkdir(mode=0o700)
    for at in range(MAX_KEPT_FILES + 4):
        (other / f"{at}.txt").write_text("kept")
    (other / name_of(DIGEST)).write_bytes(pack({"a": "poison"}))
    (tmp_path / "yett").symlink_to(other)
    shelf = Shelf(tmp_path / "yett")
    assert shelf.find(DIGEST) is None
    shelf.keep("cd" * 32, {"b": 1})
    assert len(list(other.iterdir())) == MAX_KEPT_FILES + 5
    own = Shelf(tmp_path / "own")
    own.keep("ef" * 32, {})
    (tmp_path / "own" / name_of(DIGEST)).symlink_to(other / name_of(DIGEST))
    assert own.find(DIGEST) is None


def test_somebody_elses_folder_is_not_used(tmp_path, monkeypatch):
    """The owner of the folder can write what they like into it."""
    shelf = Shelf(tmp_path / "yett")
    shelf.keep(DIGEST, {"a": 1})
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert shelf.find(DIGEST) is None


def test_it_does_not_grow(tmp_path):
    """Only the latest ones stay, and what is not a kept document is left alone."""
    (tmp_path / "other").write_text("")
    shelf = Shelf(tmp_path)
    for at in range(MAX_KEPT_FILES + 4):
        shelf.keep(f"{at:064x}", {"a": at})
    assert len(list(tmp_path.iterdir())) == MAX_KEPT_FILES + 1


def test_a_folder_that_cannot_be_written_is_no_mistake(tmp_path):
    """Reading goes on without the shelf."""
    (tmp_path / "yett").write_text("in the way")
    shelf = Shelf(tmp_path / "yett" / "deeper")
    shelf.keep(DIGEST, {"a": 1})
    assert shelf.find(DIGEST) is None


def test_the_place(tmp_path, monkeypatch):
    """It is the user's cache folder; a relative one is no place (XDG)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert own_shelf().folder == tmp_path / ".cache" / "yett"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert own_shelf().folder == tmp_path / "x" / "yett"
    monkeypatch.setattr("pathlib.Path.home", _homeless)
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert own_shelf().folder is None
    own_shelf().keep(DIGEST, {})
    assert own_shelf().find(DIGEST) is None


def _homeless():
    raise RuntimeError
