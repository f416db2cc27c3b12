"""The number of workers follows what the process may use, not what the machine has."""

from __future__ import annotations

import os

import pytest

from yett.cli.cores import usable_cores

MASK = len(os.sched_getaffinity(0))


@pytest.fixture
def group(tmp_path):
    """A tree of control groups with ours at `/a/b`."""
    (tmp_path / "tree/a/b").mkdir(parents=True)
    (tmp_path / "own").write_text("0::/a/b\n")

    def count():
        return usable_cores(tmp_path / "tree", tmp_path / "own")

    return tmp_path / "tree", count


def test_without_a_quota_the_mask_counts(group):
    """No files, `max`, and nonsense are no quota."""
    tree, count = group
    assert count() == MASK
    for text in ("max 100000\n", "", "a b c"):
        (tree / "a/b/cpu.max").write_text(text)
        assert count() == MASK


@pytest.mark.parametrize(("text", "cores"), [("50000 100000", 1), ("100000 100000", 1)])
def test_the_quota_of_any_group_above_counts(group, text, cores):
    """Half a core is one worker; a limit of the parent binds the child."""
    tree, count = group
    for place in ("a/b", "a", "."):
        (tree / place / "cpu.max").write_text(text)
        assert count() == cores
        (tree / place / "cpu.max").unlink()


def test_more_than_the_mask_is_the_mask(group):
    """A generous quota adds no cores."""
    tree, count = group
    (tree / "cpu.max").write_text(f"{(MASK + 5) * 100000} 100000")
    assert count() == MASK


def test_the_first_version_of_control_groups(group):
    """A quota of -1 is none."""
    tree, count = group
    (tree / "cpu").mkdir()
    (tree / "cpu/cpu.cfs_period_us").write_text("100000")
    for quota, cores in ((-1, MASK), (100000, 1), (1, 1)):
        (tree / "cpu/cpu.cfs_quota_us").write_text(str(quota))
        assert count() == cores
