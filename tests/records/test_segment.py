from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.records import segment
from yett.records.errors import LedgerError


def opened(tmp_path, data: bytes) -> int:
    path = tmp_path / "file"
    path.write_bytes(data)
    return os.open(path, os.O_RDONLY)


@pytest.mark.parametrize("chunk", [1, 2, 7, 1 << 20])
@given(data=st.binary(max_size=60).map(lambda b: b.replace(b"\x01", b"\n")))
def test_lines_in_both_directions(tmp_path_factory, chunk, data):
    """Lines are the same forwards, backwards and at any size of a read."""
    fd = opened(tmp_path_factory.mktemp("s"), data)
    before, segment.READ_BYTES = segment.READ_BYTES, chunk
    try:
        forwards = list(segment.lines(fd))
        backwards = list(segment.lines_backwards(fd))
    finally:
        segment.READ_BYTES = before
        os.close(fd)
    assert b"".join(forwards) == data
    assert backwards == [raw[:-1] for raw in reversed(forwards) if raw.endswith(b"\n")]


def test_line_without_end_is_bounded(tmp_path):
    """A file without line feeds is read in pieces, not into memory as one."""
    fd = opened(tmp_path, b"x" * (segment.MAX_HEADER_BYTES * 3))
    assert max(map(len, segment.lines(fd))) <= segment.MAX_HEADER_BYTES + segment.READ_BYTES
    assert list(segment.lines_backwards(fd)) == []
    os.close(fd)


def test_segments_are_in_order_and_nothing_else(tmp_path):
    """Only names of twenty digits are segments; torn tails and locks are not."""
    for name in ("2".zfill(20) + ".jsonl", "1".zfill(20) + ".jsonl", "lock", "1.jsonl", "x.torn"):
        (tmp_path / name).write_bytes(b"")
    assert [segment.first_index(p) for p in segment.segments(tmp_path)] == [1, 2]


def test_absent_folder_is_named(tmp_path):
    """A folder that is not there is a named error with a next step."""
    with pytest.raises(LedgerError) as caught:
        segment.segments(tmp_path / "none")
    assert caught.value.message == "there is no such folder"
    assert caught.value.hint


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
def test_folder_that_others_write_is_refused(tmp_path, mode):
    """History that others may edit is no history (CWE-732)."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(LedgerError, match="can be written by others"):
        segment.prepare_folder(folder)


def test_foreign_folder_is_refused(tmp_path):
    """A folder that belongs to another user is refused."""
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "ledger"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(LedgerError, match="belongs to another user") as caught:
        segment.prepare_folder(folder)
    assert caught.value.hint


def test_symbolic_link_is_not_followed(tmp_path):
    """A segment that is a symbolic link is not opened (CWE-59)."""
    (tmp_path / "real").write_bytes(b"")
    path = segment.segment_path(tmp_path, 0)
    path.symlink_to(tmp_path / "real")
    with pytest.raises(LedgerError):
        segment.open_segment(path)


def test_created_segment_is_private_and_whole(tmp_path):
    """A new segment has mode 0600 and its header; a leftover of a crash is no obstacle."""
    path = segment.segment_path(tmp_path, 0)
    path.with_suffix(".new").write_bytes(b"half")
    os.close(segment.create_segment(path, b"header\n"))
    assert path.read_bytes() == b"header\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_full_disk_leaves_no_segment(tmp_path, monkeypatch):
    """When the header cannot be written there is no segment."""
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "full")))
    path = segment.segment_path(tmp_path, 0)
    with pytest.raises(OSError, match="full"):
        segment.create_segment(path, b"header\n")
    assert segment.segments(tmp_path) == []


def test_last_line(tmp_path):
    """The last whole line is found, a torn one behind it is not."""
    path = tmp_path / "file"
    path.write_bytes(b"a\nb\ntorn")
    assert segment.last_line(path) == b"b"
    path.write_bytes(b"torn")
    assert segment.last_line(path) == b""
