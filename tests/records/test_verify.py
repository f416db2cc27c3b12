from __future__ import annotations

import os
import random
import shutil

import pytest

from yett.records import lock, segment
from yett.records.errors import LedgerError
from yett.records.ledger import ChainLedger
from yett.records.line import link, seal, unseal
from yett.records.report import parse_head
from yett.records.verify import verify


def split(path):
    return path.read_bytes().splitlines(keepends=True)


def pick(rng, folder, *, margin=1):
    """Choose a segment and a record's line in it, not the last `margin` records of the ledger."""
    paths = segment.segments(folder)
    path = rng.choice(paths)
    lines = split(path)
    stop = len(lines) - (margin if path == paths[-1] else 0)
    return path, lines, rng.randrange(1, stop)


def flip(rng, folder):
    path, lines, at = pick(rng, folder, margin=0)
    line = bytearray(lines[at])
    spot = rng.randrange(len(line))
    line[spot] ^= 1 << rng.randrange(8)
    lines[at] = bytes(line)
    path.write_bytes(b"".join(lines))


def edit(rng, folder):
    path, lines, at = pick(rng, folder, margin=0)
    old, new = rng.choice(
        [(b'"allow"', b'"refuse"'), (b"user-", b"root-"), (b"200", b"403"), (b"GET", b"PUT")]
    )
    lines[at] = lines[at].replace(old, new)
    path.write_bytes(b"".join(lines))


def reseal(rng, folder):
    """Change a record and give it a fitting link of its own, as an insider would."""
    path, lines, at = pick(rng, folder)
    previous = unseal(lines[at - 1][:-1])[1]
    body = unseal(lines[at][:-1])[0].replace(b"user-", b"root-")
    lines[at] = seal(previous, body)[1]
    path.write_bytes(b"".join(lines))


def delete(rng, folder):
    path, lines, at = pick(rng, folder)
    del lines[at : at + rng.choice([1, 1, 3])]
    if path == segment.segments(folder)[-1] and len(lines) <= at:
        lines.append(b"")
    path.write_bytes(b"".join(lines))


def repeat(rng, folder):
    path, lines, at = pick(rng, folder, margin=0)
    lines.insert(at, lines[at])
    path.write_bytes(b"".join(lines))


def swap(rng, folder):
    path, lines, at = pick(rng, folder)
    other = at + 1 if at + 1 < len(lines) else at - 1
    lines[at], lines[other] = lines[other], lines[at]
    path.write_bytes(b"".join(lines))


def cut(rng, folder):
    """Cut a segment that is not the last somewhere behind its header."""
    path = rng.choice(segment.segments(folder)[:-1])
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(data.index(b"\n") + 1, len(data))])


def header(rng, folder):
    path = rng.choice(segment.segments(folder))
    lines = split(path)
    line = bytearray(lines[0])
    line[rng.randrange(len(line) - 1)] ^= 1
    path.write_bytes(bytes(line) + b"".join(lines[1:]))


def remove(rng, folder):
    rng.choice(segment.segments(folder)[:-1]).unlink()


def exchange(rng, folder):
    one, other = rng.sample(segment.segments(folder), 2)
    first = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(first)


TAMPERINGS = (flip, edit, reseal, delete, repeat, swap, cut, header, remove, exchange)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda f: f.__name__)
def test_every_tampering_is_found(filled, tmp_path, tamper):
    """Sixty random tamperings of each kind, six hundred in all: every one is found and placed."""
    for seed in range(60):
        rng = random.Random(f"{tamper.__name__}-{seed}")
        copy = tmp_path / f"copy{seed}"
        shutil.copytree(filled, copy)
        tamper(rng, copy)
        same = {p.name: p.read_bytes() for p in copy.iterdir()} == {
            p.name: p.read_bytes() for p in filled.iterdir()
        }
        report = verify(copy)
        assert not same, seed
        assert not report.ok, (tamper.__name__, seed)
        assert report.damage.path.endswith(".jsonl")
        shutil.rmtree(copy)


def damage_of(folder):
    return verify(folder).damage


def test_names_a_changed_record(filled):
    """A changed record is named by index, file and line."""
    path = segment.segments(filled)[1]
    first = segment.first_index(path)
    lines = split(path)
    lines[3] = lines[3].replace(b"GET", b"PUT")
    path.write_bytes(b"".join(lines))
    found = damage_of(filled)
    assert (found.kind, found.path, found.line, found.index) == ("changed", str(path), 4, first + 2)
    assert found.message == f"record {first + 2} is changed"


def test_names_a_missing_record(filled):
    """A record taken out of the middle is called missing, with its number."""
    path = segment.segments(filled)[0]
    lines = split(path)
    path.write_bytes(b"".join(lines[:5] + lines[6:]))
    found = damage_of(filled)
    assert (found.kind, found.line, found.message) == (
        "missing",
        6,
        "record 4 missing before record 5",
    )


def test_names_reordered_records(filled):
    """Records that changed places are called reordered, not missing."""
    path = segment.segments(filled)[0]
    lines = split(path)
    lines[4], lines[5] = lines[5], lines[4]
    path.write_bytes(b"".join(lines))
    found = damage_of(filled)
    assert (found.kind, found.message) == ("reordered", "record 4 stands before record 3")


def test_names_a_missing_segment(filled):
    """A segment that is gone is named by the records it held."""
    paths = segment.segments(filled)
    paths[1].unlink()
    found = damage_of(filled)
    first, after = segment.first_index(paths[1]), segment.first_index(paths[2])
    assert found.kind == "segment-missing"
    assert found.message == f"records {first} to {after - 1} are missing before it"


def test_names_a_missing_beginning(filled):
    """A ledger whose first segment is gone does not pass for a whole one."""
    paths = segment.segments(filled)
    paths[0].unlink()
    assert (
        damage_of(filled).message == f"records 0 to {segment.first_index(paths[1]) - 1} are missing"
    )


def test_names_a_record_cut_in_its_middle(filled):
    """A segment that ends within a record is truncated, and so is the last when nobody writes."""
    path = segment.segments(filled)[-1]
    path.write_bytes(path.read_bytes()[:-20])
    found = damage_of(filled)
    assert (found.kind, found.index) == ("truncated", 199)


def test_unfinished_line_of_a_running_recorder_is_no_damage(filled):
    """While a recorder writes, its unfinished last line is reported as such."""
    path = segment.segments(filled)[-1]
    path.write_bytes(path.read_bytes()[:-20])
    held = lock.lock(filled)
    report = verify(filled)
    os.close(held)
    assert report.ok
    assert (report.records, report.tail > 0) == (199, True)


def test_segment_of_another_ledger(filled, tmp_path, entries):
    """A segment taken from another ledger does not fit, even with the same records in it."""
    other = tmp_path / "other"
    with ChainLedger(other, segment_bytes=12_000, clock=lambda: 1_800_000_000.0) as ledger:
        for first in range(1, 201, 10):
            ledger.append(entries(first, 10))
    path = segment.segments(filled)[2]
    shutil.copy(other / path.name, path)
    assert damage_of(filled).kind == "header"


def test_cut_tail_needs_a_remembered_head(filled):
    """Whole records cut off the end are found with a remembered head, and only with one."""
    head = parse_head(verify(filled).head)
    path = segment.segments(filled)[-1]
    path.write_bytes(b"".join(split(path)[:-1]))
    assert verify(filled).ok
    found = verify(filled, head=head).damage
    assert found.kind == "head"
    assert found.message == "the ledger ends with record 198, record 199 was remembered"


def test_rewritten_history_needs_a_remembered_head(filled):
    """Whoever rewrites everything behind a record is caught by a head from before."""
    head = parse_head(verify(filled).head)
    path = segment.segments(filled)[-1]
    lines = split(path)
    previous = unseal(lines[0][:-1])[1]
    for at in range(1, len(lines)):
        body = unseal(lines[at][:-1])[0].replace(b"user-", b"root-")
        previous, lines[at] = seal(previous, body)
    path.write_bytes(b"".join(lines))
    assert verify(filled).ok
    found = verify(filled, head=head).damage
    assert found.message == "record 199 is not the one remembered"


def test_remembered_head_of_a_longer_ledger(filled, entries):
    """A head stays good while the ledger grows."""
    head = parse_head(verify(filled).head)
    with ChainLedger(filled) as ledger:
        ledger.append(entries(201, 50))
    assert verify(filled, head=head).ok


def test_part_of_a_ledger(filled):
    """From and to bound what is read: damage outside is not met, damage inside is."""
    paths = segment.segments(filled)
    path = paths[2]
    path.write_bytes(path.read_bytes().replace(b"GET", b"PUT"))
    first = segment.first_index(path)
    assert verify(filled, end=first - 1).ok
    assert verify(filled, end=first - 1).records == first
    assert verify(filled, start=segment.first_index(paths[3])).ok
    assert not verify(filled, start=first).ok
    assert not verify(filled).ok


def test_empty_ledger_is_whole(tmp_path):
    """A folder without records has nothing wrong, and its head says so."""
    report = verify(tmp_path)
    assert (report.ok, report.records) == (True, 0)
    assert verify(tmp_path, head=(0, "00" * 32)).damage.kind == "head"


def test_progress_reaches_the_end(filled):
    """Progress counts bytes and ends with all of them."""
    seen = []
    verify(filled, progress=lambda done, total: seen.append((done, total)))
    total = sum(p.stat().st_size for p in segment.segments(filled))
    assert seen[-1] == (total, total)
    assert all(done <= total for done, _ in seen)


def test_unreadable_folder_is_named(tmp_path):
    """A ledger that cannot be read is a named error, not a verdict."""
    with pytest.raises(LedgerError, match="no such folder"):
        verify(tmp_path / "none")
    path = segment.segment_path(tmp_path, 0)
    path.mkdir()
    with pytest.raises((LedgerError, OSError)):
        verify(tmp_path)


def test_verification_is_the_stated_formula(filled):
    """An independent walk over the files by the formula alone comes to the same head."""
    previous = bytes(32)
    for path in segment.segments(filled):
        for line in split(path):
            body, digest = unseal(line[:-1])
            assert link(previous, body) == digest
            previous = digest
    assert verify(filled).head == f"199:{previous.hex()}"
