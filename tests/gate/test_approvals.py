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
from kit.store import NOW, Store

from yett.engine.approvals import FindApprovals
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
