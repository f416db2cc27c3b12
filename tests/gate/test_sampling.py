"""Sampled decisions are compared with the real cedarpy, off the loop, and differences are told."""

from __future__ import annotations

import asyncio

import pytest
from kit.shop import compile_shop
from msgspec.structs import replace

from yett.gate.sampling import compare_now
from yett.policy.cedar.model import Decided, Entity, Inputs, Uid
from yett.policy.cedar.values import make_datetime, make_ipaddr, make_set
from yett.state.samples import Samples

ANA, BOB = Uid("User", "1"), Uid("User", "2")
BOOKING = Uid("Booking", "7")


@pytest.fixture(scope="module")
def slice_(tmp_path_factory):
    return compile_shop(tmp_path_factory.mktemp("shop")).authz.slices["getBooking"]


def inputs(who=ANA, owner=ANA):
    none = make_set(())
    attrs = {"id": who.id, "issuer": "i", "scopes": none, "roles": none}
    context = {
        "now": make_datetime(1.8e9),
        "source": make_ipaddr("10.0.0.1"),
        "secure": True,
        "acr": "",
        "amr": none,
    }
    record = Entity(BOOKING, {"customer": owner, "status": "draft", "price": 3})
    return Inputs(who, BOOKING, context, {who: Entity(who, attrs), BOOKING: record})


def sampled(slice_, *questions):
    samples = Samples(1)
    for question in questions:
        samples.sample(slice_, question, slice_.decide(question))
    return asyncio.run(compare_now(samples))


def test_what_both_engines_say_is_no_news(slice_):
    """Permits, denials and records that show only what the rules read agree."""
    partial = inputs()
    partial.entities[BOOKING] = Entity(BOOKING, {"customer": ANA})
    assert sampled(slice_, inputs(), inputs(who=BOB), partial) == []


def test_an_injected_divergence_is_found(slice_):
    """A compiled function that permits what cedarpy denies is named by its action."""
    bent = replace(slice_, decide=lambda _: Decided(allow=True, ids=("own",), permitted=True))
    (found,) = sampled(bent, inputs(who=BOB))
    assert (found.action, found.ours.allow, found.theirs.allow) == ("getBooking", True, False)
    assert "Booking" not in str(found).removeprefix("`getBooking`")


def test_the_loop_goes_on_meanwhile(slice_):
    """The comparison runs in a thread of its own."""

    async def race():
        samples = Samples(1)
        for _ in range(64):
            samples.sample(slice_, inputs(), slice_.decide(inputs()))
        comparing = asyncio.ensure_future(compare_now(samples))
        turns = 0
        while not comparing.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(race()) > 1
