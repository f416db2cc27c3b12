from __future__ import annotations

import itertools

import pytest

from yett.records import segment
from yett.records.errors import LedgerError
from yett.records.ledger import ChainLedger, Entry
from yett.records.query import Filter, Search, find
from yett.terms import Event


def indices(records):
    return [record.i for record in records]


def test_newest_and_oldest_first(filled):
    """Both directions give every record once, across all segments."""
    assert indices(Search(filled, Filter()).oldest()) == list(range(200))
    assert indices(Search(filled, Filter()).newest()) == list(range(199, -1, -1))


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"principal": "user-1"}, 67),
        ({"request": "r7"}, 1),
        ({"operation": "portal.getBooking"}, 200),
        ({"operation": "portal.getBook"}, 0),
        ({"verdict": "allow", "status": 200}, 200),
        ({"status": 20}, 0),
        ({"source": "203.0.113.9"}, 200),
        ({"code": "scope-missing"}, 0),
        ({"kind": "request"}, 200),
        ({"kind": "gap"}, 0),
        ({"since": 1_800_000_101.0}, 100),
        ({"since": 1_800_000_101.0, "until": 1_800_000_103.0}, 2),
        ({"until": 1_800_000_002.0}, 1),
    ],
)
def test_filters(filled, wanted, count):
    """Conditions are exact and combine; both directions agree."""
    found = indices(Search(filled, Filter(**wanted)).oldest())
    assert len(found) == count
    assert indices(Search(filled, Filter(**wanted)).newest()) == found[::-1]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"observed": True}, [1, 2]),
        ({"observed": True, "code": "scope-missing"}, [2]),
        ({"observed": True, "code": "body-invalid"}, [1]),
        ({"observed": True, "code": "quota-exceeded"}, []),
        ({"code": "scope-missing"}, [3]),
    ],
)
def test_what_would_have_been_refused(tmp_path, wanted, found):
    """With `observed` the code is one of those that rules in mode `observe` left behind."""
    events = [
        Event(time=1.0, request="a"),
        Event(time=1.0, request="b", observed=("body-invalid",)),
        Event(time=1.0, request="c", observed=("scope-missing",)),
        Event(time=1.0, request="d", code="scope-missing"),
    ]
    with ChainLedger(tmp_path / "ledger") as ledger:
        ledger.append([Entry("w", n + 1, event) for n, event in enumerate(events)])
    search = Search(tmp_path / "ledger", Filter(**wanted))
    assert indices(search.oldest()) == found
    assert search.found == len(found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"resource": 'Booking::"3"'}, [0, 1]),
        ({"resource": 'Booking::"3"', "verdict": "refuse"}, [1]),
        ({"resource": 'Booking::"33"'}, [2]),
        ({"resource": 'Booking::"a, b"'}, [2]),
        ({"resource": 'Invoice::"3"'}, []),
        ({"resource": "Booking"}, []),
    ],
)
def test_records_about_one_resource(tmp_path, wanted, found):
    """A request is found by each record it was about, exactly, not by what merely speaks of one."""
    events = [
        Event(time=1.0, request="a", resources=('Invoice::"1"', 'Booking::"3"')),
        Event(time=1.0, request="b", resources=('Booking::"3"',), verdict="refuse"),
        Event(time=1.0, request="c", resources=('Booking::"33"', 'Booking::"a, b"')),
        Event(time=1.0, request="d", note='"resources":["Booking::\\"3\\""]'),
        Event(time=1.0, request="e", why=('Booking::"3"',), resources=('Booking::"4"',)),
    ]
    with ChainLedger(tmp_path / "ledger") as ledger:
        ledger.append([Entry("w", n + 1, event) for n, event in enumerate(events)])
    search = Search(tmp_path / "ledger", Filter(**wanted))
    assert indices(search.oldest()) == found


def test_a_value_is_no_pattern(tmp_path):
    """A value that looks like JSON or holds quotes is looked for as it is."""
    odd = 'a","verdict":"allow'
    with ChainLedger(tmp_path / "ledger") as ledger:
        ledger.append([Entry("w", 1, Event(time=1.0, request="r", principal=odd))])
        ledger.append([Entry("w", 2, Event(time=1.0, request="r", note=f'"principal":"{odd}"'))])
    search = Search(tmp_path / "ledger", Filter(principal=odd))
    assert indices(search.oldest()) == [0]
    assert indices(Search(tmp_path / "ledger", Filter(verdict="allow")).oldest()) == []


def test_old_segments_are_skipped(tmp_path, entries, monkeypatch):
    """A search for the last hours does not read the segments of last year."""
    clock = iter(range(1_800_000_000, 1_900_000_000, 10_000))
    folder = tmp_path / "ledger"
    with ChainLedger(folder, segment_bytes=1, clock=lambda: float(next(clock))) as ledger:
        for n in range(1, 21):
            ledger.append(entries(n * 10_000, 1))
    opened = []
    real = segment.open_segment
    monkeypatch.setattr(segment, "open_segment", lambda p, *a: (opened.append(p), real(p, *a))[1])
    wanted = Filter(since=1_800_190_000.0)
    assert indices(Search(folder, wanted).newest()) == [19, 18]
    assert len(set(opened)) <= 4


def test_unreadable_lines_are_counted(filled):
    """Damaged lines are neither hidden nor fatal."""
    path = segment.segments(filled)[0]
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = b"garbage\n"
    path.write_bytes(b"".join(lines))
    search = Search(filled, Filter())
    assert len(indices(search.oldest())) == 199
    assert search.unreadable == 1


def test_find_by_index(filled):
    """A record is found by its index without reading other segments."""
    assert find(filled, 137).i == 137
    assert find(filled, 200) is None
    assert find(filled, 10**19) is None


def test_follow_sees_what_is_written(tmp_path, entries):
    """Following goes over rotations, sees each new record once, and no torn one."""
    folder = tmp_path / "ledger"
    with ChainLedger(folder, segment_bytes=700) as ledger:
        ledger.append(entries(1, 3))
        written = iter(range(4, 24))

        def pause(_):
            ledger.append(entries(next(written), 1))

        found = list(itertools.islice(Search(folder, Filter()).follow(pause=pause), 20))
    assert [record.s for record in found] == list(range(4, 24))
    assert len(segment.segments(folder)) > 3


def test_follow_begins_with_an_empty_ledger(tmp_path, entries):
    """Following may begin before the first record."""
    folder = tmp_path / "ledger"
    with ChainLedger(folder) as ledger:
        follow = Search(folder, Filter()).follow(pause=lambda _: ledger.append(entries(1, 1)))
        assert next(follow).i == 0


def test_absent_ledger_is_named(tmp_path):
    """Searching a folder that is not there is a named error."""
    with pytest.raises(LedgerError):
        list(Search(tmp_path / "none", Filter()).newest())
