"""Key sets over a real server: rotation, floods, failures."""

from __future__ import annotations

import asyncio
import json
import threading
from functools import partial

import pytest
from kit import hostile
from kit.origin import Origin

from yett.credentials import JwtRules
from yett.credentials.keyset import MAX_KEY_SET_BYTES, KeySetError
from yett.state import fetch as fetch_module
from yett.state.fetch import fetch
from yett.state.keys import COOL_DOWN_SECONDS, REFRESH_SECONDS, IssuerKeys

RULES = JwtRules(issuer=hostile.ISSUER, audience=hostile.AUDIENCE, algorithms=hostile.ALGORITHMS)
FIRST = hostile.ec_jwk(hostile.EC, "first")
SECOND = hostile.ec_jwk(hostile.OTHER_EC, "second")


def document(*jwks):
    return json.dumps({"keys": jwks}).encode()


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Bench:
    """An issuer's keys, its server, its clock and how often keys were retired."""

    def __init__(self, origin):
        self.origin, self.clock, self.retired = origin, Clock(), 0
        self.serve(FIRST)
        download = partial(fetch, origin.url + "/jwks", MAX_KEY_SET_BYTES)
        self.keys = IssuerKeys(RULES, self.retire, download, self.clock)

    def retire(self):
        self.retired += 1

    def serve(self, *jwks):
        self.answer(200, {}, document(*jwks))

    def answer(self, *answer):
        self.origin.answers["/jwks"] = answer

    @property
    def held(self):
        return set(self.keys.keys.keys) if self.keys.keys else set()


@pytest.fixture
def bench(origin):
    return Bench(origin)


async def test_rotation_is_followed(bench):
    """A new key is there after the cool-down; a key that is gone is retired."""
    assert await bench.keys.fetch()
    assert bench.held == {"first"}
    bench.serve(FIRST, SECOND)
    bench.clock.now += COOL_DOWN_SECONDS
    assert await bench.keys.fetch()
    assert (bench.held, bench.retired) == ({"first", "second"}, 0)
    bench.serve(SECOND)
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    assert (bench.held, bench.retired) == ({"second"}, 1)


async def test_a_key_that_changes_under_its_name_is_retired(bench):
    """The same `kid` with other material is another key."""
    await bench.keys.fetch()
    bench.serve({**SECOND, "kid": "first"})
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    assert bench.retired == 1


async def test_a_flood_of_unknown_keys_is_one_fetch(bench):
    """A thousand at once and a thousand after are one request per cool-down."""
    assert all(await asyncio.gather(*[bench.keys.fetch() for _ in range(1000)]))
    for _ in range(1000):
        assert not await bench.keys.fetch()
    assert bench.origin.hits["/jwks"] == 1
    bench.clock.now += COOL_DOWN_SECONDS
    await asyncio.gather(*[bench.keys.fetch() for _ in range(1000)])
    assert bench.origin.hits["/jwks"] == 2


async def test_an_issuer_that_rotates_right_after_the_start_is_followed(bench):
    """What was fetched unasked leaves the first question free, and only that."""
    await bench.keys.start()
    bench.serve(FIRST, SECOND)
    assert not bench.keys.cooling
    assert await bench.keys.fetch()
    assert bench.held == {"first", "second"}
    assert bench.keys.cooling
    await bench.keys.start()
    assert bench.origin.hits["/jwks"] == 2


async def test_a_fetch_that_began_too_early_is_followed_by_one_more(bench):
    """Who joins a refresh that began before the key was published is not refused for that."""
    await bench.keys.start()
    bench.clock.now += REFRESH_SECONDS
    begun, go = threading.Event(), threading.Event()

    def early():
        begun.set()
        go.wait(10)
        return 200, {}, document(FIRST)

    bench.origin.answers["/jwks"] = early
    bench.keys.refresh_if_due()
    await asyncio.to_thread(begun.wait, 10)
    asking = [asyncio.ensure_future(bench.keys.fetch("second")) for _ in range(100)]
    await asyncio.sleep(0)
    bench.serve(FIRST, SECOND)
    go.set()
    assert all(await asyncio.gather(*asking))
    assert bench.held == {"first", "second"}
    assert bench.origin.hits["/jwks"] == 3


async def test_a_key_that_has_landed_meanwhile_is_worth_another_look(bench):
    """Between the look at a token and its question the set may have come: that is a yes."""
    await bench.keys.fetch("first")
    assert bench.keys.cooling
    assert await bench.keys.fetch("first")
    assert not await bench.keys.fetch("second")
    assert bench.origin.hits["/jwks"] == 1


BROKEN = {
    "oversized": (200, {}, b'{"keys":[' + b" " * MAX_KEY_SET_BYTES + b"]}"),
    "garbage": (200, {}, b"<html>maintenance</html>"),
    "empty": (200, {}, b""),
    "no keys": (200, {}, b'{"keys":[]}'),
    "mixed": (200, {}, document(FIRST, {"kty": "oct", "kid": "x", "k": "AAAA"})),
    "duplicate": (200, {}, document(FIRST, {**SECOND, "kid": "first"})),
    "error": (503, {}, document(SECOND)),
    "not found": (404, {}, b""),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_keeps_what_is_held(name, bench, caplog):
    """No failure of the issuer wipes or changes the set."""
    await bench.keys.fetch()
    bench.answer(*BROKEN[name])
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    assert (bench.held, bench.retired) == ({"first"}, 0)
    assert "the last good set stays in force" in caplog.text


async def test_an_issuer_that_starts_late_is_asked_again_soon(bench):
    """Without any set the pauses are 1, 2, 4 ... 30 s; with one, 30 s between two looks."""
    bench.answer(503, {}, b"")
    await bench.keys.fetch()
    for pause in (1, 2, 4, 8, 16, 30, 30):
        bench.clock.now += pause - 0.1
        assert bench.keys.cooling
        bench.clock.now += 0.1
        assert not bench.keys.cooling
        await bench.keys.fetch()
    bench.serve(FIRST)
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    bench.clock.now += COOL_DOWN_SECONDS - 0.1
    assert bench.keys.cooling


async def test_a_redirect_to_another_host_is_not_followed(bench):
    """The other host sees nothing, the set stays."""
    other = Origin()
    other.answers["/jwks"] = (200, {}, document(SECOND))
    await bench.keys.fetch()
    bench.answer(302, {"location": other.url + "/jwks"}, b"")
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    other.close()
    assert bench.held == {"first"}
    assert not other.hits


async def test_an_issuer_that_is_down_keeps_its_keys_and_comes_back(bench, origin):
    """Stale is better than none; the next fetch after the cool-down mends it."""
    await bench.keys.fetch()
    bench.keys._download = partial(fetch, "http://127.0.0.1:1/jwks", 1000)
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    assert bench.held == {"first"}
    bench.keys._download = partial(fetch, origin.url + "/jwks", MAX_KEY_SET_BYTES)
    bench.serve(FIRST, SECOND)
    bench.clock.now += COOL_DOWN_SECONDS
    await bench.keys.fetch()
    assert bench.held == {"first", "second"}


async def test_without_any_keys_looking_again_is_worth_it(bench):
    """While no set is held, the answer during the cool-down is yes: the next look says so."""
    bench.answer(503, {}, b"")
    assert await bench.keys.fetch()
    assert await bench.keys.fetch()
    assert bench.origin.hits["/jwks"] == 1


async def test_a_client_that_gives_up_does_not_stop_the_fetch(bench):
    """Cancelling the request that started it loses nothing for the others."""
    waiting = [asyncio.ensure_future(bench.keys.fetch()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert await waiting[1]
    assert bench.held == {"first"}


async def test_refresh_is_due_after_a_while_and_cools_down_on_failure(bench):
    """Old sets are fetched in the background, failures are not retried at once."""

    async def tick():
        bench.keys.refresh_if_due()
        if bench.keys._flight is not None:
            await asyncio.wait({bench.keys._flight})

    await tick()
    await tick()
    assert bench.origin.hits["/jwks"] == 1
    bench.clock.now += REFRESH_SECONDS
    bench.answer(503, {}, b"")
    await tick()
    await tick()
    assert bench.origin.hits["/jwks"] == 2
    bench.clock.now += COOL_DOWN_SECONDS
    await tick()
    assert bench.origin.hits["/jwks"] == 3


def test_a_set_from_a_file_never_fetches():
    """Without a download there is nothing to wait for."""
    keys = IssuerKeys(RULES, lambda: None)
    assert keys.cooling
    assert not keys.remote
    keys.install(document(FIRST))
    with pytest.raises(KeySetError):
        keys.install(b"{}")
    assert set(keys.keys.keys) == {"first"}


def test_the_download_is_bounded_in_time():
    """The socket's timeout and the deadline are finite."""
    assert 0 < fetch_module.TIMEOUT_SECONDS <= fetch_module.DEADLINE_SECONDS <= 30
