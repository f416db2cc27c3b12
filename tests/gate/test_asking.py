"""Locks and conditions: a rule about a record is never passed by a stale reading of it."""

from __future__ import annotations

import asyncio
import functools
import json
import os

import pytest
from kit.asking import locks, only_while_draft, reads, with_step
from kit.gateway import public, reset, running, split, takes_anything
from kit.records import RecordService

from yett.state.locks import Locks, shared_file
from yett.wire.tasks import running as tasks

OPERATIONS = (
    public("GET", "/record"),
    public("PATCH", "/record", body=takes_anything),
    public("POST", "/record/confirm", body=takes_anything),
    public("PUT", "/record", stream_request=True),
)
WRITES = (
    b"PATCH /record HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /record/confirm HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
)


def draft_only(plan):
    """Writes hold the record, read it, and let a draft pass only."""
    if plan.operation.method == "GET":
        return plan
    return with_step(locks(reads(then=only_while_draft)))(plan)


def read_only(plan):
    """The same without the hold: what happens then is what the hold is for."""
    if plan.operation.method == "GET":
        return plan
    return with_step(reads(then=only_while_draft))(plan)


async def send(gateway, raw):
    status, _, body = split(await gateway.send(raw, wait=20))
    return status, json.loads(body).get("code")


async def race(gateway, upstream, rounds, writes=WRITES):
    """Let writers meet on a new draft, again and again; count what came of it."""
    stale, seen = 0, set()
    for _ in range(rounds):
        upstream.reset()
        answers = await asyncio.gather(*(send(gateway, raw) for raw in writes))
        stale += upstream.stale
        seen |= set(answers)
        assert upstream.done == [status for status, _ in answers].count(200)
    return stale, seen


async def test_two_writers_of_one_record_without_tags():
    """The second writer reads only after the first is done: never a stale pass, always an answer."""
    upstream = RecordService(lingers=True)
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        stale, seen = await race(gateway, upstream, 30)
        assert stale == 0
        assert seen <= {(200, None), (409, "wrong-state")}
        assert gateway.gate.locks.taken == 0


async def test_the_race_is_real():
    """Without the hold the same writers do pass on a stale reading: the test above can fail."""
    upstream = RecordService(lingers=True)
    async with running(*OPERATIONS, rework=read_only, upstream=upstream) as gateway:
        stale, _ = await race(gateway, upstream, 10)
        assert stale > 0


async def test_two_writers_of_one_record_with_tags_and_no_lock():
    """Where the service honours `If-Match`, the condition alone stops the stale writer."""
    upstream = RecordService(lingers=True, tagged=True)
    async with running(*OPERATIONS, rework=read_only, upstream=upstream) as gateway:
        stale, seen = await race(gateway, upstream, 30)
        assert stale == 0
        assert seen <= {(200, None), (409, "wrong-state"), (409, "record-changed")}


async def test_two_gates_wait_for_each_other():
    """A gate uses the locks it is given: writers through two gates are kept apart as in one."""
    file = shared_file()
    shared = Locks(file)
    upstream = RecordService(lingers=True)
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream, locks=shared) as one:
        both = {"rework": draft_only, "locks": shared}
        async with running(*OPERATIONS, upstream=_Borrowed(upstream), **both) as two:
            for _ in range(15):
                upstream.reset()
                await asyncio.gather(send(one, WRITES[0]), send(two, WRITES[1]))
                assert upstream.stale == 0
    os.close(file)


class _Borrowed:
    """An upstream that runs elsewhere."""

    def __init__(self, upstream):
        self.port = upstream.port

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


def change_once(upstream, statuses):
    if statuses:
        upstream.change(statuses.pop())


async def test_a_record_that_changed_is_decided_about_again():
    """Changed between read and write by somebody else: 412, read anew, and the new state decides."""
    upstream = RecordService(tagged=True)
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        for status, wanted in (("draft", (200, None)), ("done", (409, "wrong-state"))):
            upstream.reset()
            upstream.before_write = functools.partial(change_once, upstream, [status])
            assert await send(gateway, WRITES[0]) == wanted
            assert upstream.stale == 0
            event = gateway.sink.events[-1]
            assert event.upstream_status == (200 if wanted[0] == 200 else 412)
        assert gateway.gate.locks.taken == 0


async def test_a_record_that_changes_twice_is_a_conflict():
    """One repetition, not more: then the client is told that the record was changed."""
    upstream = RecordService(tagged=True)
    upstream.before_write = lambda: upstream.change("draft")
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        assert await send(gateway, WRITES[0]) == (409, "record-changed")
        assert upstream.done == 0
        methods = [head.split(b" ")[0] for head in upstream.heads]
        assert methods == [b"GET", b"PATCH"] * 2
        assert gateway.gate.locks.taken == 0


async def test_a_clients_own_condition_is_its_own_affair():
    """A 412 to the client's `If-Match` goes to the client; nothing is read or sent twice."""
    upstream = RecordService(tagged=True)
    raw = WRITES[0].replace(b"Host: a", b'Host: a\r\nIf-Match: "old"')
    steps = with_step(reads())  # step 11 adds no condition where the client has one
    rework = lambda plan: plan if plan.operation.method == "GET" else steps(plan)  # noqa: E731
    async with running(*OPERATIONS, rework=rework, upstream=upstream) as gateway:
        status, _, _ = split(await gateway.send(raw))
        assert status == 412
        assert [head.split(b" ")[0] for head in upstream.heads] == [b"GET", b"PATCH"]


async def test_no_second_spelling_undoes_our_condition():
    """`If_Match: *` of a client never reaches a service beside the gate's `If-Match`."""
    upstream = RecordService(tagged=True)
    raw = WRITES[0].replace(b"Host: a", b"Host: a\r\nIf_Match: *")
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        assert (await send(gateway, raw))[0] == 200
        write = upstream.heads[-1].lower()
        assert b'\r\nif-match: "v1"\r\n' in write
        assert b"if_match" not in write


async def test_a_streamed_body_is_not_sent_twice():
    """The body has gone by: a 412 to our condition goes to the client as it is."""
    upstream = RecordService(tagged=True)
    upstream.before_write = lambda: upstream.change("draft")
    raw = b"PUT /record HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        status, _, _ = split(await gateway.send(raw))
        assert status == 412
        assert len(upstream.heads) == 2


async def test_the_wait_for_a_record_is_bounded(monkeypatch):
    """Who waits too long is told to come again, and what he waited for is still free afterwards."""
    monkeypatch.setattr("yett.gate.asking.LOCK_SECONDS", 0.05)
    upstream = RecordService()
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        held = gateway.gate.locks.seize("record")
        assert await send(gateway, WRITES[0]) == (503, "record-busy")
        assert upstream.heads == []
        held.release()
        assert (await send(gateway, WRITES[0]))[0] == 200


async def test_a_client_that_leaves_while_it_waits_for_a_record():
    """It leaves no waiter, no task and no hold behind, and the next one is served."""
    upstream = RecordService()
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        held = gateway.gate.locks.seize("record")
        _, writer = await gateway.connect()
        writer.write(WRITES[0])
        while not tasks():
            await asyncio.sleep(0.01)
        reset(writer)
        while gateway.gate.connections or tasks():
            await asyncio.sleep(0.01)
        held.release()
        assert gateway.gate.locks.taken == 0
        assert [event.status for event in gateway.sink.events] == [0]
        assert (await send(gateway, WRITES[0]))[0] == 200


async def test_a_lock_that_fails_is_not_held():
    """An error of the lock file refuses; nothing is forwarded without the hold."""
    upstream = RecordService()
    async with running(*OPERATIONS, rework=draft_only, upstream=upstream) as gateway:
        errors = []
        gateway.gate.on_error = errors.append
        gateway.gate.locks = Locks(file=1 << 20)  # no such descriptor
        status, code = await send(gateway, WRITES[0])
        assert status >= 500, code
        assert upstream.heads == []
        assert errors


ENDINGS = {
    "a rule that raises": lambda x, read: 1 / 0,
    "a rule that refuses": lambda x, read: only_while_draft(x, FakeRead),
    "a rule that lets go": lambda x, read: None,
}


class FakeRead:
    body = b'{"status": "done"}'
    etag = b""


@pytest.mark.parametrize("then", ENDINGS.values(), ids=list(ENDINGS))
async def test_however_it_ends_the_record_is_free_again(then):
    """Refused, answered or failed: the hold ends with the request, and only once."""
    upstream = RecordService()
    rework = with_step(locks(reads(then=then)))
    async with running(OPERATIONS[1], rework=rework, upstream=upstream) as gateway:
        gateway.gate.on_error = lambda error: None
        for _ in range(2):
            await send(gateway, WRITES[0])
            assert gateway.gate.locks.taken == 0


async def test_a_service_that_breaks_off_frees_the_record():
    """Not a byte of an answer to the write: 502, and the record can be written again."""

    async def answer(reader, writer, first):
        if first.startswith(b"GET"):
            writer.write(RecordService(tagged=False).say(200))
            await writer.drain()
            await reader.read(1 << 16)
        writer.close()

    async with running(OPERATIONS[1], rework=draft_only, answer=answer) as gateway:
        assert await send(gateway, WRITES[0]) == (502, "upstream-broken")
        assert gateway.gate.locks.taken == 0
