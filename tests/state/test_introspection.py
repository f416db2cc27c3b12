"""Asking an issuer about tokens, over a real server."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64decode
from functools import partial

import pytest
from kit import hostile
from kit.origin import Origin
from msgspec.structs import replace

from yett.contract.config import IssuerConfig
from yett.contract.identity_settings import IntrospectionConfig
from yett.credentials.introspection import MAX_ANSWER_BYTES
from yett.credentials.rules import JwtRules
from yett.credentials.verifier import Verified
from yett.problems import CREDENTIAL_INVALID, KEYS_UNAVAILABLE
from yett.state.errors import StateError
from yett.state.fetch import FetchError, fetch
from yett.state.introspection import (
    MOST_ASKED,
    REFUSED_TTL_SECONDS,
    Endpoint,
    Introspection,
)

RULES = JwtRules(issuer=hostile.ISSUER, audience=hostile.AUDIENCE, algorithms=("ES256",))
ASK = Verified(None, hostile.ISSUER, opaque=True)
SECRET = "s3cret/+: ü"


class Clock:
    now = hostile.NOW

    def __call__(self):
        return self.now


def told(**changed):
    answer = {
        "active": True,
        "token_type": "Bearer",
        "sub": "user-1",
        "aud": hostile.AUDIENCE,
        "exp": int(hostile.NOW) + 600,
    }
    return (200, {}, json.dumps({**answer, **changed}).encode())


class Bench:
    """An introspection with its server and its clock."""

    def __init__(self, origin, folder, ttl=30.0):
        self.origin, self.clock = origin, Clock()
        self.url = origin.url + "/introspect"
        self.config = IntrospectionConfig(client_id="gate:1", secret="secret", url=self.url)
        (folder / "secret").write_text(SECRET + "\n")
        self.folder = folder
        self.asking = Introspection(RULES, ttl, self.endpoint(), self.clock)
        self.answer(told())

    def endpoint(self, issuer=hostile.ISSUER, **changed):
        config = IssuerConfig(url=issuer, audience=hostile.AUDIENCE, algorithms=("ES256",))
        return Endpoint(config, replace(self.config, **changed), self.folder)

    def answer(self, answer):
        self.origin.posts["/introspect"] = answer

    def look(self, token):
        return self.asking.look(token, self.clock.now)

    async def ask(self, token):
        await self.asking.ask(token)
        return self.look(token)


@pytest.fixture
def bench(origin, folder):
    return Bench(origin, folder)


async def test_an_unknown_token_is_asked_about_once(bench):
    """First a question, then the issuer's answer, which holds for `ttl` seconds and no longer."""
    assert bench.look(b"t1") == ASK
    assert (await bench.ask(b"t1")).principal.id == "user-1"
    bench.clock.now += 29.9
    assert bench.look(b"t1").principal.id == "user-1"
    bench.clock.now += 0.1
    assert bench.look(b"t1") == ASK
    assert bench.origin.hits["/introspect"] == 1


async def test_an_answer_never_outlives_the_token(bench):
    """`exp` of the answer, with the skew, ends what is remembered."""
    bench.answer(told(exp=int(hostile.NOW) - 25))
    assert (await bench.ask(b"t1")).principal.id == "user-1"
    bench.clock.now += 5
    assert bench.look(b"t1") == ASK


async def test_the_question_is_that_of_the_rfc(bench):
    """A form with the token, and our own name and secret, form-encoded before Basic (RFC 6749)."""
    await bench.ask(b"t1+/=")
    [(path, fields, form)] = bench.origin.posted
    assert path == "/introspect"
    assert form == {"token": "t1+/=", "token_type_hint": "access_token"}
    assert fields["content-type"] == "application/x-www-form-urlencoded"
    assert fields["accept"] == "application/json"
    scheme, _, pair = fields["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(pair) == b"gate%3A1:s3cret%2F%2B%3A%20%C3%BC"


async def test_a_flood_for_one_token_is_one_question(bench):
    """A thousand requests with one token wait for the same answer."""
    await asyncio.gather(*[bench.asking.ask(b"t1") for _ in range(1000)])
    assert bench.look(b"t1").principal.id == "user-1"
    assert bench.origin.hits["/introspect"] == 1


async def test_so_many_questions_at_once_and_no_more(bench):
    """Beyond the bound the caller is told to come back; the bound is given back."""
    go = threading.Event()

    def slow(_form):
        go.wait(10)
        return told()

    bench.answer(slow)
    waiting = [asyncio.ensure_future(bench.asking.ask(b"%d" % n)) for n in range(MOST_ASKED)]
    await asyncio.sleep(0)
    refused = bench.look(b"one more")
    assert (refused.kind, refused.status) == (KEYS_UNAVAILABLE, 503)
    await bench.asking.ask(b"one more")
    assert bench.asking.asked == MOST_ASKED
    go.set()
    await asyncio.gather(*waiting)
    assert bench.look(b"one more") == ASK
    assert bench.look(b"0").principal.id == "user-1"


async def test_a_no_is_remembered_for_a_short_while(bench):
    """A token that is not active costs the issuer one question in ten seconds."""
    bench.answer(told(active=False))
    assert (await bench.ask(b"bad")).kind is CREDENTIAL_INVALID
    bench.clock.now += REFUSED_TTL_SECONDS - 0.1
    assert bench.look(b"bad").kind is CREDENTIAL_INVALID
    bench.clock.now += 0.1
    assert bench.look(b"bad") == ASK


async def test_a_flood_of_bad_tokens_drives_out_no_good_one(bench):
    """What was refused is kept apart from what was accepted."""
    await bench.ask(b"good")
    bad = bench.asking._bad
    for number in range(60_000):
        bad.remember(b"%d" % number, CREDENTIAL_INVALID(), bench.clock.now + 10)
    assert len(bad) <= 50_000
    assert bench.look(b"good").principal.id == "user-1"


BROKEN = {
    "error": (503, {}, b""),
    "another endpoint": (404, {}, b""),
    "our secret is wrong": (401, {}, b'{"error":"invalid_client"}'),
    "created": (201, {}, told()[2]),
    "broken off": (200, {"content-length": "9999"}, told()[2]),
}
# Answers that one token may bring about, and what is told then.
AT_ONE = {
    "it cannot read it": (400, {}, b'{"error":"invalid_request"}'),
    "it is too long for it": (413, {}, b""),
    "it fails at it": (500, {}, b""),
    "garbage": (200, {}, b"<html>"),
    "no answer": (200, {}, b"{}"),
    "claims nested too deeply": (200, {}, b'{"active":true,"x":' + b"[" * 20 + b"]" * 20 + b"}"),
    "oversized": (200, {}, b'{"active":true,"x":"' + b"a" * MAX_ANSWER_BYTES + b'"}'),
}


@pytest.mark.parametrize("name", AT_ONE)
async def test_a_token_that_an_issuer_fails_at_stops_no_other(name, bench, caplog):
    """Whoever finds one is told 401 or 503, and takes nobody else's way in away."""
    bench.answer(lambda form: AT_ONE[name] if form["token"].startswith("odd") else told())
    kind = CREDENTIAL_INVALID if AT_ONE[name][0] in {400, 413} else KEYS_UNAVAILABLE
    for number in range(5):
        odd = b"odd-%d" % number
        assert (await bench.ask(odd)).kind is kind
        assert (await bench.ask(b"good-%d" % number)).principal.id == "user-1"
        assert bench.look(odd).kind is kind
    assert caplog.text.count("of one token") == (kind is KEYS_UNAVAILABLE)
    assert bench.asking.asked == 10


@pytest.mark.parametrize("name", BROKEN)
async def test_an_issuer_that_fails_is_503_and_left_alone(name, bench, caplog):
    """A failure is no answer about the token: not 401, not yes, and no storm of questions."""
    await bench.ask(b"known")
    bench.answer(BROKEN[name])
    assert (await bench.ask(b"t1")).kind is KEYS_UNAVAILABLE
    assert bench.look(b"t2").kind is KEYS_UNAVAILABLE
    assert bench.look(b"known").principal.id == "user-1"
    assert "introspection at" in caplog.text
    assert SECRET not in caplog.text
    asked = bench.asking.asked
    for pause in (1, 2, 4, 8, 16, 30, 30):
        bench.clock.now += pause - 0.1
        assert bench.look(b"t2").kind is KEYS_UNAVAILABLE
        bench.clock.now += 0.1
        assert bench.look(b"t2") == ASK
        await bench.ask(b"t2")
    assert bench.asking.asked == asked + 7
    bench.answer(told())
    bench.clock.now += 30
    assert (await bench.ask(b"t1")).principal.id == "user-1"


async def test_many_failures_at_once_are_one(bench):
    """Twenty questions that fail together do not count as twenty failures in a row."""
    bench.answer((503, {}, b""))
    await asyncio.gather(*[bench.asking.ask(b"%d" % n) for n in range(20)])
    bench.clock.now += 1
    assert bench.look(b"t1") == ASK


async def test_an_issuer_that_is_too_slow_is_an_outage(bench, monkeypatch):
    """Who waits is told 503 in time, not 401; the answer that comes late is kept all the same."""
    monkeypatch.setattr("yett.state.introspection.WAIT_SECONDS", 0.02)
    go = threading.Event()

    def slow(_form):
        go.wait(10)
        return told()

    bench.answer(slow)
    assert (await bench.ask(b"t1")).kind is KEYS_UNAVAILABLE
    go.set()
    while bench.asking._flights:
        await asyncio.sleep(0.01)
    bench.clock.now += 1
    assert bench.look(b"t1").principal.id == "user-1"


async def test_no_redirect_is_followed(bench):
    """Neither another host nor another path of this one sees token and secret."""
    other = Origin()
    other.posts["/introspect"] = told()
    for target in (other.url + "/introspect", bench.origin.url + "/elsewhere"):
        for status in (301, 302, 303, 307, 308):
            bench.answer((status, {"location": target}, b""))
            bench.clock.now += 60
            assert (await bench.ask(b"t1")).kind is KEYS_UNAVAILABLE
    other.close()
    assert not other.hits
    assert not bench.origin.hits["/elsewhere"]


async def test_what_was_asked_before_a_key_was_retired_is_not_kept(bench):
    """Forgetting covers the answers that are still on their way."""
    begun, go = threading.Event(), threading.Event()

    def slow(_form):
        begun.set()
        go.wait(10)
        return told()

    bench.answer(slow)
    asking = asyncio.ensure_future(bench.asking.ask(b"t1"))
    await asyncio.to_thread(begun.wait, 10)
    bench.asking.forget()
    go.set()
    await asking
    assert bench.look(b"t1") == ASK


async def test_a_client_that_gives_up_does_not_stop_the_question(bench):
    """Its answer is there for the next."""
    waiting = [asyncio.ensure_future(bench.asking.ask(b"t1")) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await waiting[1]
    assert bench.look(b"t1").principal.id == "user-1"


def test_another_loop_begins_anew(bench):
    """After a fork, or in another thread's loop, nobody waits for what will never come."""
    for token in (b"t1", b"t2"):
        asyncio.run(bench.asking.ask(token))
        assert bench.look(token).principal.id == "user-1"


async def test_the_endpoint_is_found_in_the_metadata(bench, origin):
    """RFC 8414: `introspection_endpoint` of exactly this issuer, looked up once."""
    metadata = {"issuer": origin.url, "introspection_endpoint": bench.url}
    place = "/.well-known/oauth-authorization-server"
    origin.answers[place] = (200, {}, json.dumps(metadata).encode())
    endpoint = bench.endpoint(origin.url, url="")
    for _ in range(2):
        assert json.loads(await asyncio.to_thread(endpoint, b"t"))["active"]
    assert origin.hits[place] == 1
    metadata["issuer"] = "https://other.example"
    origin.answers[place] = (200, {}, json.dumps(metadata).encode())
    with pytest.raises(FetchError, match="names another issuer"):
        await asyncio.to_thread(bench.endpoint(origin.url, url=""), b"t")


@pytest.mark.parametrize("url", ["http://login.example.com/i", "file:///etc/passwd", "ftp://a/b"])
def test_a_token_is_sent_over_tls_or_loopback_only(url, bench):
    """Another scheme refuses to start."""
    with pytest.raises(StateError):
        bench.endpoint(url=url)


def test_a_new_secret_is_used_when_its_file_changes(bench):
    """Rotation needs no restart; a broken file changes nothing."""
    endpoint = bench.endpoint()
    assert not endpoint.secret.poll()
    (bench.folder / "secret").write_text("another")
    assert endpoint.secret.poll()
    assert endpoint.secret.value.reveal() == b"another"
    (bench.folder / "secret").write_text("")
    assert not endpoint.secret.poll()
    assert endpoint.secret.value.reveal() == b"another"


def test_fetching_is_still_plain(origin):
    """A key set is fetched without our credentials."""
    origin.answers["/k"] = (200, {}, b"{}")
    assert partial(fetch, origin.url + "/k", 10)() == b"{}"
    assert not origin.posted
