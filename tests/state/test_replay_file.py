"""The file of what was used: made, shared, made anew only when nobody else uses it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from yett.state import replay_file
from yett.state.errors import StateError
from yett.state.replay_file import BUCKET_BYTES, HEADER_BYTES, buckets_for, open_table

NOW = 1_800_000_000.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "used"


@pytest.fixture
def opened(path):
    """Open tables and close them again."""
    handles = []

    def go(most=1024, now=NOW):
        table = open_table(path, most, now)
        handles.append(table)
        return table

    yield go
    for table in handles:
        close(table)


def close(table):
    if not table.pages.closed:
        table.pages.close()
        os.close(table.handle)


def test_a_new_file_knows_everything(opened, path):
    """Where there was no file nothing was used, so its memory begins at the beginning."""
    table = opened()
    assert table.born == 0
    assert table.buckets == buckets_for(1024)
    assert path.stat().st_size == HEADER_BYTES + table.buckets * BUCKET_BYTES
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_has_its_pages(opened, path):
    """Every page is on the disk before it is mapped: a full disk kills no worker later."""
    opened()
    assert path.stat().st_blocks * 512 >= path.stat().st_size


@pytest.mark.parametrize("room", [0, 5000])
def test_on_a_full_disk_there_is_no_file_with_holes(opened, path, monkeypatch, room):
    """A file that could not be filled is refused, and made whole when there is room."""
    real = os.pwrite

    def write(handle, piece, at):
        if at + len(piece) > room:
            return max(0, room - at)
        return real(handle, piece, at)

    monkeypatch.setattr(replay_file.os, "pwrite", write)
    with pytest.raises(StateError, match="No space left"):
        opened()
    monkeypatch.undo()
    assert opened().buckets == buckets_for(1024)


def test_the_next_process_finds_the_same(opened):
    """Key, size and memory outlive the process that made them."""
    first = opened()
    first.pages[HEADER_BYTES : HEADER_BYTES + 4] = b"used"
    close(first)
    second = opened()
    assert (second.key, second.born) == (first.key, 0)
    assert second.pages[HEADER_BYTES : HEADER_BYTES + 4] == b"used"


def test_another_size_is_taken_when_nobody_uses_it(opened, caplog):
    """A changed setting makes the file anew, which then knows nothing of before, and says so."""
    close(opened())
    table = opened(4096)
    assert table.buckets == buckets_for(4096)
    assert table.born == NOW
    assert "made anew" in caplog.text


def test_a_file_in_use_keeps_its_size(opened):
    """Nobody makes a file anew under those who map it: what they remember would be lost."""
    first = opened()
    second = opened(4096)
    assert (second.buckets, second.key) == (first.buckets, first.key)


def test_after_a_boot_it_knows_only_what_comes(opened, monkeypatch, tmp_path):
    """What an earlier boot wrote may not have reached the disk: older proofs are refused."""
    first = opened()
    close(first)
    boot = tmp_path / "boot_id"
    boot.write_text("0" * 31 + "1\n")
    monkeypatch.setattr(replay_file, "BOOT_ID", boot)
    second = opened(now=NOW + 5)
    assert second.born == NOW + 5
    assert second.key == first.key


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"yettonce"])
def test_a_damaged_file_is_made_anew_and_trusts_nothing_older(opened, path, damage):
    """A file that is none is not believed; unless it is empty, what came before is refused."""
    path.parent.mkdir()
    path.write_bytes(damage)
    path.chmod(0o600)
    assert opened().born == (NOW if damage else 0)


def test_a_file_of_others_is_refused(opened, path):
    """Who may write to the file could make a proof good again."""
    close(opened())
    path.chmod(0o666)
    with pytest.raises(StateError) as refused:
        opened()
    assert refused.value.hint == f"chmod 600 {path}"


def test_a_link_is_not_followed(opened, path, tmp_path):
    """A planted link does not make this process write elsewhere (CWE-59)."""
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError):
        opened()
    assert not (tmp_path / "elsewhere").exists()


def test_who_prepares_the_file_for_ever_is_not_waited_for(opened, path, monkeypatch):
    """A process that holds the file alone and does not let go costs a bounded wait."""
    monkeypatch.setattr(replay_file, "MAX_WAIT_SECONDS", 0.05)
    close(opened())
    code = (
        "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StateError):
            opened()
        holder.stdin.close()
