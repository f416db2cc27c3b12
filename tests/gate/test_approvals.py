"""The gate's desk of approvals: off the loop, and telling what ended by itself."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest
from kit.approvals import document
from kit.frozen import paying
from kit.gateway import OK, Recorder, program, public, running, split
from kit.shop import compile_shop
from kit.signing import ISSUER, Signer, open_store
from kit.store import NOW, Store

from yett.engine.approvals import CastVote, ConfirmVote, FindApprovals, ProveVote, Unproven
from yett.engine.people import Person
from yett.engine.program import build
from yett.gate.approvals import ApprovalDesk, ended, find_desk, open_desk
from yett.gate.edge import Gate
from yett.state.errors import StateError


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "approvals.db")


async def test_questions_are_answered_off_the_loop(store):
    """The loop goes on while the file is asked."""
    desk = ApprovalDesk(store.approvals)
    threads = []
    real = store.approvals.answer

    def answer(question):
        threads.append(threading.current_thread())
        return real(question)

    store.approvals.answer = answer
    store.asked()
    (found,) = await desk(FindApprovals(NOW))
    assert found.operation == "shop.pay"
    assert threads[-1] is not threading.main_thread()


async def test_what_ended_is_recorded_once(store):
    """An expiry is on record under its requester, a cancellation under nobody."""
    desk, events = ApprovalDesk(store.approvals), []

    async def durable(event):
        events.append(event)
        return True

    late, cancelled = store.asked(1, within=1), store.asked(2)
    store.approvals.cancel(cancelled.id, NOW)
    assert await desk.record_ended(durable, NOW + 2) == 2
    assert await desk.record_ended(durable, NOW + 500) == 0
    told = {event.kind: event for event in events}
    assert told["approval-expired"].principal == "anna"
    assert (told["approval-expired"].operation, told["approval-expired"].api) == (
        "shop.pay",
        "shop",
    )
    assert late.frozen.digest in told["approval-expired"].note
    assert told["approval-refused"].principal == ""
    assert told["approval-refused"].note.endswith("cancelled on the host")


async def test_what_cannot_be_recorded_is_tried_again(store):
    """A dead recorder delays the record of an end, it does not lose it."""
    desk, answers = ApprovalDesk(store.approvals), [False, True]

    async def durable(_event):
        return answers.pop(0)

    store.asked(1, within=1)
    assert await desk.record_ended(durable, NOW + 2) == 0
    assert await desk.record_ended(durable, NOW + 100) == 1


def test_an_end_says_who_asked_and_exactly_what(store):
    """The record of an end holds no body and no value of the request."""
    (one,) = [store.asked()]
    event = ended(one, NOW)
    assert event.note == f"approval {one.id} of sha256:{one.frozen.digest}"
    assert (event.request, event.method, event.path) == ("", "", "")


def test_a_desk_is_there_where_something_asks(tmp_path):
    """The file is made by who opens the desk, not by who only finds it."""
    plain = build(compile_shop(tmp_path / "a", document(True), policies=""))
    assert find_desk(plain, tmp_path) is None
    assert open_desk(plain, tmp_path) is None
    asking = build(compile_shop(tmp_path / "b", document({"approvals": 1}), policies=""))
    assert find_desk(asking, tmp_path).store.path == tmp_path / "var/approvals.db"
    assert not (tmp_path / "var").exists()
    open_desk(asking, tmp_path)
    assert (tmp_path / "var/approvals.db").exists()
    (tmp_path / "var/approvals.db").chmod(0o644)
    with pytest.raises(StateError):
        open_desk(asking, tmp_path)


async def test_a_gate_without_a_desk_answers_no(store):
    """Nothing can be asked for, nothing used."""
    async with Recorder(OK) as upstream:
        gate = Gate(program(public(), port=upstream.port), None, None, None)
        try:
            assert await gate.approvals(FindApprovals(NOW)) is False
            gate.hold_approvals(ApprovalDesk(store.approvals))
            assert await gate.approvals(FindApprovals(NOW)) == ()
            gate.hold_approvals(None)
            assert await gate.approvals(FindApprovals(NOW)) is False
        finally:
            gate.abort()
            await asyncio.sleep(0)


async def test_what_was_approved_is_not_sent_twice(store):
    """A PUT that may have reached the service is not retried, however idempotent its method."""
    rounds = []

    async def answer(reader, writer, first):
        rounds.append(first)
        writer.write(OK)
        await writer.drain()
        rounds.append(await reader.read(1 << 16))  # read, and closed without a word
        writer.close()

    put = paying(method="PUT", id="shop.pay", api="shop")
    body = b'{"amount":7}'
    head = (
        b"PUT /pay HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    )
    async with running(public("GET", "/x"), put, answer=answer) as gateway:
        gateway.gate.hold_approvals(ApprovalDesk(store.approvals))
        asked = json.loads(split(await gateway.send(head + b"\r\n" + body))[2])
        (found,) = store.find(asked["approval"], time.time())
        store.vote(found, now=time.time())
        assert split(await gateway.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 200
        named = b"Yett-Approval: %b\r\n\r\n" % asked["approval"].encode()
        assert split(await gateway.send(head + named + body))[0] == 502
    assert sum(b"PUT /pay" in one for one in rounds) == 1


BUILTIN = """
[identity.builtin]
url = "https://api.example.com/auth"
audience = "https://api.test"
admin_role = "staff"
"""


class Voting:
    """A contract whose voters have accounts here; a vote goes the engine's way, question by question."""

    def __init__(self, folder):
        program = build(compile_shop(folder, document({"approvals": 2}), policies="", more=BUILTIN))
        self.accounts = open_store(folder)
        self.desk = open_desk(program, folder)
        self.requests = Store(folder / "var/approvals.db")

    def vote(self, asked, voter, assertion="", *, approve=True):
        fields = {"id": asked.id, "digest": asked.frozen.digest, "approve": approve, "now": NOW}
        question = ProveVote(voter=voter, assertion=assertion, signatures="own", **fields)
        proven = self.desk.answer(question)
        if isinstance(proven, Unproven):
            return proven.note
        cast = CastVote(voter=proven.voter, evidence=proven.evidence, **fields)
        number = self.desk.answer(cast)
        if isinstance(number, str):
            return number
        return self.desk.answer(ConfirmVote(id=asked.id, number=number, now=NOW))


@pytest.fixture
def voting(tmp_path):
    made = Voting(tmp_path / "c")
    yield made
    made.accounts.close()


def caller(name, issuer=ISSUER, kind="user"):
    return Person(id=name, issuer=issuer, kind=kind, names=(name,))


def test_each_person_signs_one_vote(voting):
    """Replayed, signed anew, or as another credential of the same person: it counts once."""
    asked = voting.requests.asked(needed=2)
    dora = Signer(voting.accounts, "dora", email="dora@example.com")
    me = caller(dora.user.id)
    text = dora.assertion(asked.id, asked.frozen.digest, count=0)
    assert voting.vote(asked, me, text).missing() == 1
    assert voting.vote(asked, me, text) == "each person has one vote"
    anew = dora.assertion(asked.id, asked.frozen.digest, "refuse", count=0)
    assert voting.vote(asked, me, anew, approve=False) == "each person has one vote"
    key = caller("dora", "yett:keys", "key")
    assert voting.vote(asked, key) == "the vote is not signed"
    assert voting.vote(asked, key, text) == "signed by who is not signed in"
    fay = Signer(voting.accounts, "fay")
    signed = fay.assertion(asked.id, asked.frozen.digest)
    given = voting.vote(asked, caller(fay.user.id), signed)
    assert (given.state, given.missing()) == ("approved", 0)
    assert all(vote.evidence for vote in given.votes)


def test_two_credentials_of_one_person_are_no_two_people(voting):
    """Who asked as `anna` by an outside token has no vote as the account of that name."""
    asked = voting.requests.asked(needed=1)
    anna = Signer(voting.accounts, "anna")
    text = anna.assertion(asked.id, asked.frozen.digest)
    refused = voting.vote(asked, caller(anna.user.id), text)
    assert refused == "nobody approves what they asked for themselves"


def test_of_many_signed_votes_at_once_one_counts(voting):
    """Eight copies of one person's vote in eight threads: one is counted."""
    asked = voting.requests.asked(needed=2)
    dora = Signer(voting.accounts, "dora")
    text = dora.assertion(asked.id, asked.frozen.digest, count=0)
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(voting.vote(asked, caller(dora.user.id), text)))
        for _ in range(8)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(not isinstance(one, str) for one in got) == 1
    assert voting.requests.find(asked.id)[0].missing() == 1


async def test_a_desk_without_accounts_proves_nothing(store):
    """The engine does not ask it; if it did, no vote would count."""
    question = ProveVote(
        id="i", digest="d", voter=caller("x"), approve=True, now=NOW, assertion="", signatures="own"
    )
    assert await ApprovalDesk(store.approvals)(question) is False
