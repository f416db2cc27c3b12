"""The store of approvals, on a real file: once, bounded, whole or nothing."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading

import pytest
from kit.store import NOW, Store, frozen

from yett.engine.approvals import ConfirmApproval
from yett.state.approvals import (
    CLAIM_SECONDS,
    KEEP_SECONDS,
    MAX_ALIKE,
    MAX_OPEN_PER_REQUESTER,
)
from yett.state.errors import StateError


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "approvals.db")


def at_once(number, do):
    """Run `do(index)` in threads that start together; answers what they returned."""
    gate, found = threading.Barrier(number), [None] * number

    def one(index):
        gate.wait()
        found[index] = do(index)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def execute(store, statement, *values):
    with sqlite3.connect(store.path) as connection:
        connection.execute(statement, values)
    connection.close()


def test_the_whole_course(store):
    """Asked, recorded, approved, used; afterwards the body, the record and the seal are gone."""
    asked = store.ask(sealed="ab")
    assert (asked.state, asked.recorded, asked.missing()) == ("pending", False, 1)
    assert store(ConfirmApproval(asked.id)) is True
    assert store.vote(asked).state == "approved"
    used = store.use(asked, sealed="ab")
    assert (used.id, used.state) == (asked.id, "approved")
    (over,) = store.find(asked.id)
    assert (over.state, over.frozen.shown, over.entity) == ("used", "", "")
    raw = store.path.read_bytes()
    assert b'{"amount": 1}' not in raw
    assert b'"Booking"' not in raw


def test_the_same_request_is_the_same_approval(store):
    """Asking again changes nothing, also once it is approved."""
    asked = store.asked()
    assert store.ask().id == asked.id
    store.vote(asked)
    again = store.ask()
    assert (again.id, again.missing(), again.recorded) == (asked.id, 0, True)
    assert store.ask(2).id != asked.id
    assert store.ask(who="bo").id != asked.id


def test_a_used_request_may_be_asked_for_anew(store):
    """What ran once needs people again."""
    asked = store.asked()
    store.vote(asked)
    store.use(asked)
    again = store.ask()
    assert again.id != asked.id
    assert again.missing() == 1


def test_an_approval_is_used_once(store):
    """Of twenty uses at the same time a single one wins, and none afterwards."""
    asked = store.asked()
    store.vote(asked)
    found = at_once(20, lambda _: store.use(asked))
    assert sum(not isinstance(one, str) for one in found) == 1
    assert {one for one in found if isinstance(one, str)} == {"the approval was used before"}


def _use(path, asked, results):
    results.put(isinstance(Store(path).use(asked), str))


def test_an_approval_is_used_once_among_processes(store):
    """Workers share the file and nothing else."""
    asked = store.asked()
    store.vote(asked)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_use, args=(store.path, asked, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    refused = [results.get(timeout=20) for _ in workers]
    for worker in workers:
        worker.join(20)
    assert sorted(refused) == [False, True, True, True]


def test_one_request_asked_for_at_once_is_one_approval(store):
    """Two workers that freeze the same request make one approval of it."""
    assert len({one.id for one in at_once(8, lambda _: store.ask(sealed="ab"))}) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"digest": "0" * 64}, "the approval is for another request"),
        ({"sealed": "other"}, "the approval is for another request"),
        ({"now": NOW + 600}, "the approval has expired"),
        ({"needed": 2}, "the approval is not given yet"),
    ],
)
def test_an_approval_for_something_else_is_not_used(store, change, reason):
    """Another digest, another secret, too late, fewer people than the contract asks for."""
    asked = store.asked()
    store.vote(asked)
    assert store.use(asked, **change) == reason
    if "now" not in change:
        assert not isinstance(store.use(asked), str), "a failed try uses nothing up"


def test_what_is_not_approved_is_not_used(store):
    """Pending, refused, cancelled, unknown: each has its reason."""
    asked = store.asked()
    assert store.use(asked) == "the approval is not given yet"
    assert store.vote(asked, approve=False).state == "refused"
    assert store.use(asked) == "the approval was refused"
    other = store.asked(2)
    assert store.approvals.cancel(other.id, NOW) == ""
    assert store.use(other) == "the approval was cancelled"
    assert store.approvals.cancel(other.id, NOW) == "the approval was cancelled"
    assert store.approvals.cancel("0" * 32, NOW) == "there is no such approval"


def test_nothing_can_be_done_with_what_is_not_recorded(store):
    """Until the ledger has it an approval is shown to nobody and takes no vote."""
    asked = store.ask()
    assert store.find() == ()
    assert store.find(asked.id) == ()
    assert store.cast(asked) == "there is no such approval"
    assert store.use(asked) == "there is no such approval"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE approvals SET text = replace(text, 'anna', 'evil')", "not what was written"),
        ("UPDATE approvals SET shown = '{\"amount\": 9}'", "not what was written"),
        ("UPDATE approvals SET digest = upper(digest)", "not what was written"),
        ("UPDATE approvals SET requester = replace(requester, 'anna', 'evil')", "not what was"),
        ("UPDATE approvals SET requester = '{'", "not what was written"),
        ("UPDATE approvals SET text = '[]', digest = '" + "0" * 64 + "'", "not what was written"),
        ("UPDATE approvals SET operation = 'shop.other'", "not what was written"),
        ("UPDATE approvals SET seal = x'00'", "for another request"),
        ("UPDATE votes SET voter = '7'", "not what was written"),
        ("UPDATE votes SET voter = replace(voter, 'boss', 'anna')", "not given yet"),
        ("DELETE FROM votes", "not given yet"),
        ("UPDATE votes SET recorded = 0", "not given yet"),
        ("UPDATE votes SET approve = 0", "not given yet"),
    ],
)
def test_a_tampered_row_is_good_for_nothing(store, statement, reason):
    """Whatever is exchanged under the approvers' names, the approval is not used."""
    asked = store.asked()
    store.vote(asked)
    execute(store, statement)
    answer = store.use(asked)
    assert isinstance(answer, str)
    assert reason in answer


def test_a_damaged_request_is_replaced_by_a_new_one(store):
    """Asking again after tampering makes a new approval that needs people again."""
    asked = store.asked()
    store.vote(asked)
    execute(store, "UPDATE approvals SET shown = 'x'")
    again = store.ask()
    assert again.id != asked.id
    assert again.missing() == 1


def test_a_vote_copied_under_the_same_name_counts_once(store):
    """Rows are not people: two of one person do not make two."""
    asked = store.asked(needed=2)
    store.vote(asked)
    columns = "approval, voter, approve, time, recorded"
    execute(store, f"INSERT INTO votes ({columns}) SELECT {columns} FROM votes")
    execute(store, "UPDATE approvals SET state = 'approved'")
    assert store.use(asked, needed=2) == "the approval is not given yet"


def test_open_requests_are_bounded(store):
    """One requester cannot fill the store, and it cannot be filled beyond its own bound."""
    for number in range(MAX_OPEN_PER_REQUESTER):
        store.asked(number)
    assert "wait for approval already" in store.ask(99)
    assert store.ask(0).recorded
    assert not isinstance(store.ask(99, who="bo"), str)
    assert not isinstance(store.ask(99, now=NOW + 600), str), "what expired does not count"


def test_the_whole_store_is_bounded(store, monkeypatch):
    """Many requesters together meet a bound too."""
    monkeypatch.setattr("yett.state.approvals.MAX_OPEN", 3)
    for who in ("a", "b", "c"):
        store.ask(who=who)
    assert store.ask(who="d") == "too many requests wait for approval"


def test_requests_alike_but_for_secrets_are_bounded(store):
    """Each costs a hardened comparison while all wait, so there are few."""
    ids = {store.ask(sealed=f"{number}").id for number in range(MAX_ALIKE)}
    assert len(ids) == MAX_ALIKE
    assert "secrets alone" in store.ask(sealed="more")
    assert store.ask(sealed="0").id in ids


def test_lists_show_what_is_open_newest_first(store):
    """Expired, used and unrecorded ones are not listed."""
    old, new, late = store.asked(1), store.asked(2, now=NOW + 1), store.asked(3, within=1)
    assert [one.id for one in store.find(now=NOW + 2)] == [new.id, old.id]
    (gone,) = store.find(late.id, now=NOW + 2)
    assert (gone.state, gone.frozen.shown) == ("expired", "")


def test_an_end_by_itself_is_told_once(store):
    """Expired and cancelled ones are claimed by one worker, again if it dies, then never."""
    late, cancelled, used = store.asked(1, within=1), store.asked(2), store.asked(3)
    store.approvals.cancel(cancelled.id, NOW)
    store.vote(used)
    store.use(used)
    claim = store.approvals.claim_ended
    found = claim(NOW + 2)
    assert {(one.id, one.state) for one in found} == {
        (late.id, "expired"),
        (cancelled.id, "cancelled"),
    }
    assert claim(NOW + 3) == ()
    again = claim(NOW + 2 + CLAIM_SECONDS)
    assert len(again) == 2
    for one in again:
        store.approvals.note_told(one.id)
    assert claim(NOW + 2 + 3 * CLAIM_SECONDS) == ()


def test_workers_do_not_tell_the_same_end(store):
    """Claims at the same time share what ended without a double."""
    for number in range(10):
        store.asked(number, within=1)
    found = at_once(4, lambda _: store.approvals.claim_ended(NOW + 2))
    ids = [one.id for part in found for one in part]
    assert len(ids) == len(set(ids)) == 10


def test_what_is_over_is_forgotten_after_a_day(store):
    """History is the ledger's; the file keeps what became of an approval for a day."""
    asked = store.asked()
    store.vote(asked)
    store.use(asked)
    store.approvals.claim_ended(NOW + KEEP_SECONDS - 1)
    assert store.find(asked.id)
    store.approvals.claim_ended(NOW + KEEP_SECONDS + 1)
    assert store.find(asked.id) == ()
    assert store.use(asked) == "there is no such approval"


def test_a_file_that_is_taken_away_loses_what_was_open(store):
    """Nothing can be used that is not there; the next request begins a private file anew."""
    asked = store.asked()
    store.vote(asked)
    for path in store.path.parent.glob("approvals.db*"):
        path.unlink()
    assert store.use(asked) == "there is no such approval"
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.ask().id != asked.id


def test_a_file_that_others_can_read_is_not_used(store):
    """Bodies and votes are nobody else's: every question refuses."""
    store.path.chmod(0o640)
    with pytest.raises(StateError, match="can be read or written by others"):
        store.ask()


def test_ids_are_not_guessable(store):
    """128 random bits each."""
    ids = {store.ask(number, who=f"p{number}").id for number in range(50)}
    assert len(ids) == 50
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_frozen_requests_of_the_kit_are_whole():
    """The kit's requests pass the checks that real ones pass."""
    assert frozen().digest != frozen(2).digest
