from __future__ import annotations

import random

import pytest

from yett.records import segment
from yett.records.errors import LedgerError
from yett.records.ledger import ChainLedger


def last(folder):
    return segment.segments(folder)[-1]


@pytest.mark.parametrize("seed", range(25))
def test_torn_tail_is_cut_and_kept(filled, entries, seed):
    """Bytes behind the last whole record are cut, kept beside it, and the chain goes on."""
    rng = random.Random(seed)
    path = last(filled)
    before = path.read_bytes()
    whole = before.splitlines(keepends=True)
    torn = whole[-1][: rng.randrange(1, len(whole[-1]))]
    path.write_bytes(before + torn)
    with ChainLedger(filled) as ledger:
        assert ledger.torn == len(torn)
        assert ledger.head.index == 199
        assert ledger.append(entries(201, 2)) == 201
        assert ledger.verify().ok
    [kept] = filled.glob("*.torn")
    assert kept.read_bytes() == torn
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("tail", [bytes(5000), b"\n\n\n", b"\0" * 100 + b"\n" + b"\xff" * 50])
def test_garbage_tail_of_a_power_cut(filled, tail):
    """Pages that never reached the disk, zeros with or without line feeds, are a torn tail, too."""
    with last(filled).open("ab") as file:
        file.write(tail)
    with ChainLedger(filled) as ledger:
        assert ledger.torn == len(tail)
        assert ledger.verify().records == 200


def test_changed_record_is_never_cut(filled):
    """A whole record that does not fit the chain stops the opening; nothing is touched."""
    path = last(filled)
    changed = path.read_bytes().replace(b'"status":200', b'"status":500')
    path.write_bytes(changed)
    with pytest.raises(LedgerError, match=r"\.jsonl:2: record \d+ is changed") as caught:
        ChainLedger(filled)
    assert "yett audit verify" in caught.value.hint
    assert path.read_bytes() == changed
    assert not list(filled.glob("*.torn"))


def test_changed_last_record_is_never_cut(filled):
    """Also the very last record is history, not a torn tail."""
    path = last(filled)
    body = path.read_bytes()
    path.write_bytes(body[:-300] + body[-300:].replace(b"203.0.113.9", b"203.0.113.8"))
    with pytest.raises(LedgerError, match="record 199 is changed"):
        ChainLedger(filled)


def test_torn_in_the_middle_is_refused(filled):
    """Garbage with whole records behind it is not what a crash leaves."""
    path = last(filled)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\0" * 40 + b"\n", *lines[2:]]))
    with pytest.raises(LedgerError, match="changed, missing or out of order"):
        ChainLedger(filled)


@pytest.mark.parametrize("damage", ["header", "name", "joint", "empty"])
def test_broken_joint_is_refused(filled, damage):
    """A segment whose header is changed, misnamed, or does not follow on the one before is named."""
    path = last(filled)
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "header":
        path.write_bytes(b"".join([lines[0].replace(b'"workers"', b'"WORKERS"'), *lines[1:]]))
    elif damage == "name":
        path.rename(segment.segment_path(filled, 10_000))
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        before = segment.segments(filled)[-2]
        before.write_bytes(b"".join(before.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(LedgerError, match=r"header|begins with|lead"):
        ChainLedger(filled)


def test_only_a_header(filled, entries):
    """A segment begun just before a crash, without a record yet, is gone on with."""
    path = last(filled)
    first = segment.first_index(path)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with ChainLedger(filled, segment_bytes=1) as ledger:
        assert ledger.head.index == first - 1
        assert ledger.append(entries(500, 1)) == first
        report = ledger.verify()
        assert report.ok
        assert report.head == str(ledger.head)


@pytest.mark.parametrize("seed", range(40))
def test_crash_anywhere_in_a_batch(tmp_path, entries, seed):
    """Whatever part of an unacknowledged batch reached the disk, what was acknowledged stays."""
    rng = random.Random(seed)
    folder = tmp_path / "ledger"
    with ChainLedger(folder) as ledger:
        ledger.append(entries(1, 10))
        sure = last(folder).stat().st_size
        ledger.append(entries(11, 40))
    data = last(folder).read_bytes()
    reached = data[: rng.randrange(sure, len(data) + 1)]
    # A file system may grow the file before the data of its last pages is there.
    last(folder).write_bytes(reached + bytes(rng.choice([0, 0, 1, 4096])))
    with ChainLedger(folder) as ledger:
        assert 9 <= ledger.head.index < 50
        assert ledger.last_sequence("w0") == ledger.head.index + 1
        ledger.append(entries(ledger.head.index + 2, 1))
        assert ledger.verify().ok
    assert last(folder).read_bytes().startswith(data[:sure])


def test_torn_bytes_are_never_overwritten(filled):
    """A second crash at the same place does not take the place of the first one's bytes."""
    for torn in (b"first", b"second"):
        with last(filled).open("ab") as file:
            file.write(torn)
        ChainLedger(filled).close()
    [kept] = filled.glob("*.torn")
    assert kept.read_bytes() == b"firstsecond"
