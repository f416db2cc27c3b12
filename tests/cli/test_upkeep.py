"""What the control process does by itself: notices reach the ledger once, chores begin at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.accounts import NOW, account_store, postgresql_url
from sqlalchemy import update

from yett.cli.upkeep import CHORES, leave, tell_ledger
from yett.state.accounts.notices import MOST_AT_ONCE, note, untold
from yett.state.accounts.tables import leases
from yett.terms import Event

__all__ = ["account_store", "postgresql_url"]


HERE, THERE = "yett-1", "yett-2"  # two hosts


class Recorder:
    """Takes events as the spool does; refuses those whose note it is told to."""

    def __init__(self, *refused):
        self.refused, self.written = refused, []

    async def durable(self, event):
        if event.note in self.refused:
            return False
        self.written.append(event.note)
        return True


def put_down(store, *notes):
    for text in notes:
        event = Event(time=NOW, request="", kind="account-added", note=text)
        store.write(lambda tx, event=event: note(tx, event))


def waiting(store):
    with store.read() as tx:
        return [event.note for _, event in untold(tx)]


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


async def test_notices_are_told_in_order_and_once(account_store, threads):
    """What the ledger has is not told again; what it refused is."""
    put_down(account_store, "one", "two", "three")
    recorder = Recorder("two")
    await tell_ledger(account_store, recorder, threads, HERE)
    assert recorder.written == ["one", "three"]
    assert waiting(account_store) == ["two"]
    recorder.refused = ()
    await tell_ledger(account_store, recorder, threads, HERE)
    await tell_ledger(account_store, recorder, threads, HERE)
    assert recorder.written == ["one", "three", "two"]


async def test_a_flood_is_told_in_bounded_parts(account_store, threads):
    """Never more at once than the recorder is meant to take in one go."""
    put_down(account_store, *map(str, range(MOST_AT_ONCE + 3)))
    recorder = Recorder()
    await tell_ledger(account_store, recorder, threads, HERE)
    assert len(recorder.written) == MOST_AT_ONCE
    assert waiting(account_store) == [str(MOST_AT_ONCE + at) for at in range(3)]


async def test_of_two_hosts_one_tells(account_store, threads):
    """Each notice is in one ledger; who leaves is followed at once, who died after a while."""
    here, there = Recorder(), Recorder()
    put_down(account_store, "one")
    await tell_ledger(account_store, here, threads, HERE)
    put_down(account_store, "two")
    await tell_ledger(account_store, there, threads, THERE)
    assert (here.written, there.written) == (["one"], [])
    leave(account_store, HERE)
    await tell_ledger(account_store, there, threads, THERE)
    assert there.written == ["two"]
    put_down(account_store, "three")
    account_store.write(lambda tx: tx.execute(update(leases).values(until=0.0)))  # it died
    await tell_ledger(account_store, here, threads, HERE)
    assert here.written == ["one", "three"]


async def test_what_is_told_twice_says_so(account_store, threads):
    """A crash before the mark tells again, under the same number."""
    put_down(account_store, "one")
    told = []

    class Dying:
        async def durable(self, event):
            told.append(event)
            return False

    for _ in range(2):
        await tell_ledger(account_store, Dying(), threads, HERE)
    assert told[0] == told[1]
    assert told[0].request.startswith("notice-")


def test_what_did_not_happen_is_not_told(account_store):
    """A notice shares the fate of the transaction it describes."""

    def fails(tx):
        note(tx, Event(time=NOW, request="", kind="account-added"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        account_store.write(fails)
    assert waiting(account_store) == []


def test_each_chore_has_its_time():
    """Nothing runs in a tight loop, and names are told apart in the journal."""
    assert all(chore.seconds >= 0.2 for chore in CHORES)
    assert len({chore.name for chore in CHORES}) == len(CHORES)
