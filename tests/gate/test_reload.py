"""A change of the contract's files is noticed once, when it is whole."""

from __future__ import annotations

import os
import time

import pytest

from yett.gate.reload import Watch


@pytest.fixture
def files(tmp_path):
    paths = (tmp_path / "yett.toml", tmp_path / "openapi.yaml")
    for path in paths:
        path.write_text("one")
    return paths


def looks(watch, count=3):
    return [watch.changed() for _ in range(count)]


def test_nothing_is_noticed_when_nothing_changed(files):
    """Looking at files that stay says nothing."""
    assert looks(Watch(lambda: files)) == [False, False, False]


def test_a_change_is_noticed_once_and_settled(files):
    """New contents count when two looks have seen the same, and then once."""
    watch = Watch(lambda: files)
    files[1].write_text("two")
    assert looks(watch) == [False, True, False]


def test_a_file_that_is_still_written_is_waited_for(files):
    """While the stamp moves from look to look nothing is read."""
    watch = Watch(lambda: files)
    for text in ("t", "tw", "two parts"):
        files[1].write_text(text)
        assert watch.changed() is False
    assert looks(watch) == [True, False, False]


def test_a_touch_is_no_change(files):
    """A new time stamp over the same contents is not worth a reload."""
    watch = Watch(lambda: files)
    os.utime(files[0], (1, 1))
    assert looks(watch) == [False, False, False]


def test_replacing_deleting_and_restoring_are_changes(files):
    """A renamed-over file, a missing one and its return are each noticed."""
    watch = Watch(lambda: files)
    part = files[0].with_suffix(".part")
    part.write_text("new")
    part.replace(files[0])
    assert looks(watch) == [False, True, False]
    files[0].unlink()
    assert looks(watch) == [False, True, False]
    files[0].write_text("new")
    assert looks(watch) == [False, True, False]


def test_contents_do_not_slide_between_files(files):
    """Moving text from one file into the next is a change, although their sum is the same."""
    watch = Watch(lambda: files)
    files[0].write_text("on")
    files[1].write_text("eone")
    assert looks(watch) == [False, True, False]


def test_what_was_read_anyway_is_not_noticed_again(files):
    """After `catch_up` only a later change counts."""
    watch = Watch(lambda: files)
    files[0].write_text("two")
    watch.catch_up()
    assert looks(watch) == [False, False, False]
    files[0].write_text("three")
    assert looks(watch) == [False, True, False]


def test_a_file_put_in_place_since_is_newer(files):
    """A file that was renamed into place is newer than before, however old its contents are."""
    watch = Watch(lambda: files)
    assert watch.newer(0)
    assert not watch.newer(time.time() + 60)
    old = files[0].with_suffix(".old")
    old.write_text("old")
    os.utime(old, (1, 1))
    before = time.time() - 0.1
    old.replace(files[0])
    assert watch.newer(before)


def test_a_file_taken_away_since_is_newer(files):
    """A file that was read and is gone before anybody watched has changed, too."""
    files[0].unlink()
    watch = Watch(lambda: files)
    assert watch.newer(time.time() + 60)
