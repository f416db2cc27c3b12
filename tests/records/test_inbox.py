from __future__ import annotations

import pytest

from yett.records.errors import NotWrittenError
from yett.records.frames import VERSION, Batch
from yett.records.inbox import Inbox
from yett.records.ledger import ChainLedger
from yett.records.query import Filter, Search
from yett.terms import Event


class Nobody:
    """Stands for a connection; the inbox only hands it back."""


@pytest.fixture
def batch(event):
    def make(first, count, worker="w0"):
        return Batch(VERSION, worker, first, [event(n) for n in range(first, first + count)])

    return make


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "ledger"


def requests(folder, **wanted):
    return [r.e.request or r.e.kind for r in Search(folder, Filter(**wanted)).oldest()]


def test_duplicates_are_recognised(folder, batch):
    """A batch sent twice, whole or in part, in one commit or in two, is written once."""
    peer = Nobody()
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        inbox.take(peer, batch(1, 3))
        inbox.take(peer, batch(1, 3))
        inbox.take(peer, batch(2, 4))
        assert inbox.commit() == {peer: 5}
        inbox.take(peer, batch(4, 2))
        assert inbox.commit() == {peer: 5}
        assert requests(folder) == ["r1", "r2", "r3", "r4", "r5"]


def test_duplicates_are_recognised_after_a_restart(folder, batch):
    """What was written before a crash but not acknowledged is not written again."""
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        inbox.take(Nobody(), batch(1, 3))
        inbox.commit()
    peer = Nobody()
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        inbox.take(peer, batch(1, 3))
        inbox.take(peer, batch(4, 1))
        assert inbox.commit() == {peer: 4}
        assert requests(folder) == ["r1", "r2", "r3", "r4"]


def test_workers_do_not_mix(folder, batch):
    """Each worker has its own sequence."""
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        inbox.take(Nobody(), batch(1, 2))
        inbox.take(Nobody(), batch(1, 2, worker="w1"))
        inbox.commit()
        assert requests(folder) == ["r1", "r2", "r1", "r2"]


def test_gap_is_written_down(folder, batch):
    """Records that were acknowledged and are gone, as after a rollback of the files, are noted."""
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        inbox.take(Nobody(), batch(1, 1))
        inbox.take(Nobody(), batch(8, 1))
        inbox.commit()
    assert requests(folder) == ["r1", "gap", "r8"]
    [gap] = Search(folder, Filter(kind="gap")).oldest()
    assert "records 2 to 7 of worker `w0`" in gap.e.note


def test_failed_commit_keeps_everything(folder, batch):
    """What could not be written stays for the next try, and nobody is acknowledged."""
    peer = Nobody()
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        inbox.take(peer, batch(1, 2))
        append = ledger.append
        ledger.append = lambda entries: (_ for _ in ()).throw(NotWrittenError("full"))
        with pytest.raises(NotWrittenError):
            inbox.commit()
        ledger.append = append
        inbox.take(peer, batch(3, 1))
        assert inbox.commit() == {peer: 3}
    assert requests(folder) == ["r1", "r2", "r3"]


def test_own_notes_have_a_sequence(folder):
    """The recorder's own events are numbered like a worker's."""
    with ChainLedger(folder) as ledger:
        inbox = Inbox(ledger)
        for _ in range(2):
            inbox.note(Event(time=1.0, request="", kind="recorder-started"))
            inbox.commit()
    assert [r.s for r in Search(folder, Filter()).oldest()] == [1, 2]
