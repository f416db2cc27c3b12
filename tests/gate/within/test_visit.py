"""One request, one record, whatever happens; nobody is let through by a bug."""

from __future__ import annotations

from kit.gateway import ListSink
from kit.within import Client, answers, body, guarded, scope, start, visit
from msgspec.structs import replace

from yett.engine import decide


class FullSink(ListSink):
    def __init__(self):
        super().__init__()
        self.full = True


async def test_a_bug_in_a_step_refuses(tmp_path):
    """The application is not called."""

    def broken(_x):
        raise ZeroDivisionError

    async with guarded(tmp_path, answers(AssertionError()), small=True) as (yett, sink):
        program = yett.core.current.program
        plan = replace(program.plans["shop.hear"], steps=((3, broken),))
        plans = {**program.plans, "shop.hear": plan}
        yett.core.current = replace(yett.core.current, program=replace(program, plans=plans))
        client = await visit(yett, target="/echo")
        assert (client.status, client.code) == (500, "internal-error")
        assert [(event.verdict, event.code) for event in sink.events] == [
            ("refuse", "internal-error")
        ]
    assert decide


async def test_what_cannot_be_recorded_is_not_let_through(tmp_path):
    """`when_not_recorded = "block"` holds in the service, too."""
    app = answers(AssertionError())
    async with guarded(tmp_path, app, small=True, sink=FullSink()) as (yett, sink):
        client = await visit(yett, target="/echo")
        assert (client.status, client.code) == (503, "not-recorded")
        assert sink.events[0].step == 16


async def test_the_caller_is_told_to_the_application(tmp_path):
    """Principal, operation and request id; the answer carries the same id."""
    found = []

    async def app(scope_, receive, send):
        found.append(scope_["yett"])
        await answers(start(), body(b"{}"))(scope_, receive, send)

    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        client = await visit(yett, target="/events", who="ann")
        caller = found[0]
        assert (caller.principal.id, caller.operation) == ("1", "shop.events")
        assert client.headers[b"yett-request-id"].decode() == caller.request_id
        assert "1" not in repr(caller).partition(",")[0]


async def test_a_client_that_leaves_is_recorded(tmp_path):
    """Before its body is whole: status 0, and no call."""
    store_app = answers(AssertionError())
    async with guarded(tmp_path, store_app) as (yett, sink):
        fields = [(b"content-type", b"application/json"), (b"content-length", b"50")]
        client = Client(b'{"note"', leaves=True)
        told = scope("POST", "/bookings", fields, who="ann")
        await yett(told, client.receive, client.send)
        event = sink.events[0]
        assert (client.sent, event.status, event.code) == ([], 0, "request-timeout")
        assert (event.step, event.note, event.bytes_in) == (8, "the client left", 7)
