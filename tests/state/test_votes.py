"""Votes: one for each person, counted once recorded, a refusal ends it."""

from __future__ import annotations

import threading

import pytest
from kit.store import NOW, Store

from yett.engine.approvals import ConfirmVote
from yett.state.votes import VOTE_SECONDS

ONE_VOTE = "each person has one vote"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "approvals.db")


def test_a_vote_counts_once_it_is_recorded(store):
    """Put down it changes nothing; confirmed it does."""
    asked = store.asked()
    number = store.cast(asked)
    assert store.find(asked.id)[0].votes == ()
    assert store.use(asked) == "the approval is not given yet"
    counted = store(ConfirmVote(id=asked.id, number=number, now=NOW))
    assert (counted.state, counted.missing(), counted.votes[0].voter.id) == ("approved", 0, "boss")


@pytest.mark.parametrize(
    ("who", "more"),
    [("anna", {}), ("ANNA".casefold(), {"client": "other"}), ("anna", {"kind": "key"})],
)
def test_the_requester_has_no_vote(store, who, more):
    """Not by another application, not by an API key of their own."""
    asked = store.asked()
    reason = "nobody approves what they asked for themselves"
    assert store.cast(asked, who, **more) == reason
    assert store.cast(asked, who, approve=False, **more) == reason


def test_a_service_account_of_the_requester_has_no_vote(store):
    """The application through which somebody asks is not another person."""
    asked = store.asked()
    assert "nobody approves" in store.cast(asked, "app", kind="service")


def test_each_person_has_one_vote(store):
    """Twice the same person is one approval of two, whatever they show."""
    asked = store.asked(needed=2)
    assert store.vote(asked).missing() == 1
    for again in (
        store.cast(asked),
        store.cast(asked, kind="key", client=""),
        store.cast(asked, approve=False),
    ):
        assert again == ONE_VOTE
    assert store.vote(asked, "chief").state == "approved"


def test_a_vote_that_was_never_recorded_may_be_given_again(store):
    """A worker that died between vote and ledger costs the voter a minute, not the vote."""
    asked = store.asked()
    lost = store.cast(asked)
    assert store.cast(asked) == ONE_VOTE
    later = NOW + VOTE_SECONDS
    assert store.vote(asked, now=later).state == "approved"
    assert isinstance(store(ConfirmVote(id=asked.id, number=lost, now=later)), str)


def test_a_refusal_ends_it(store):
    """One no outweighs every yes, also after the last yes was given."""
    asked = store.asked()
    store.vote(asked)
    assert store.vote(asked, "chief", approve=False).state == "refused"
    assert store.use(asked) == "the approval was refused"
    assert store.cast(asked, "third") == "the approval was refused"


def test_a_vote_is_for_a_digest(store):
    """Who saw another request has not approved this one."""
    assert store.cast(store.asked(), digest="0" * 64) == "the approval is for another request"


def test_votes_come_in_time(store):
    """Neither put down nor counted once it is over."""
    asked = store.asked(within=10)
    assert store.cast(asked, now=NOW + 10) == "the approval has expired"
    number = store.cast(asked, now=NOW + 9)
    late = store(ConfirmVote(id=asked.id, number=number, now=NOW + 10))
    assert late == "the approval has expired"


def test_a_given_approval_needs_no_more(store):
    """A superfluous yes is told so."""
    asked = store.asked()
    store.vote(asked)
    assert store.cast(asked, "chief") == "the approval is given already"


def test_a_vote_is_counted_once_and_for_its_own_approval(store):
    """Confirming again, another's number or a made-up one counts nothing."""
    one, two = store.asked(1, needed=3), store.asked(2, needed=3)
    number = store.cast(one)
    for wrong in (ConfirmVote(id=two.id, number=number, now=NOW),
                  ConfirmVote(id=one.id, number=number + 1, now=NOW)):  # fmt: skip
        assert store(wrong) == "the vote is gone"
    assert store(ConfirmVote(id=one.id, number=number, now=NOW)).missing() == 2
    assert store(ConfirmVote(id=one.id, number=number, now=NOW)) == "the vote is gone"


def test_votes_at_the_same_time_all_count(store):
    """Ten people at once are ten, one person ten times at once is one."""
    asked = store.asked(needed=11)
    people = [f"p{number}" for number in range(10)] + ["boss"] * 10
    gate = threading.Barrier(len(people))
    found = []

    def vote(who):
        gate.wait()
        number = store.cast(asked, who)
        if isinstance(number, int):
            store(ConfirmVote(id=asked.id, number=number, now=NOW))
        else:
            found.append(number)

    threads = [threading.Thread(target=vote, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (now,) = store.find(asked.id)
    assert len({one.voter.id for one in now.votes}) == len(now.votes) == 11
    assert now.state == "approved"
    assert set(found) <= {ONE_VOTE, "the approval is given already"}
    assert len(found) == 9
