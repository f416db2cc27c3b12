"""Opaque tokens through each adapter: asked about outside, and a no where nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from kit.engine import need, operation
from kit.gateway import running, split
from kit.origin import Origin
from kit.within import Answer, answers, body, environ, guarded, guarded_wsgi, start, visit

from yett.contract.config import ApiConfig, Config, IdentityConfig, IssuerConfig
from yett.contract.identity_settings import IntrospectionConfig
from yett.state.memory import MemoryView

ACTIVE = {"active": True, "token_type": "Bearer", "sub": "ann", "aud": "api", "scope": "read"}
EVENTS = (b"content-type", b"text/event-stream")


@pytest.fixture
def issuer(tmp_path):
    """A server that answers what it is told to say of a token."""
    origin = Origin()
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "secret").write_text("s3cret")

    def say(form):
        told = ACTIVE if form["token"] == "good" else {"active": False}
        return 200, {}, json.dumps(told).encode()

    origin.posts["/i"] = say
    yield origin
    origin.close()


def more(issuer):
    """The issuer as a contract names it; `kit.adapters.prepared` takes 127.0.0.1 for a service."""
    url = f"http://localhost:{issuer.port}"
    return f"""
[[identity.issuer]]
url = "{url}"
audience = "api"
algorithms = ["ES256"]
[identity.issuer.introspection]
client_id = "gate"
secret = "secret"
url = "{url}/i"
"""


@contextlib.asynccontextmanager
async def by_gateway(folder, issuer):
    """The gateway, and how to ask it."""
    how = IntrospectionConfig(client_id="gate", secret="secret", url=issuer.url + "/i")
    trusted = IssuerConfig(url=issuer.url, audience="api", algorithms=("ES256",), introspection=how)
    config = Config(
        api={"api": ApiConfig(upstream="http://127.0.0.1:1")},
        identity=IdentityConfig(issuer=(trusted,)),
    )
    view = MemoryView.from_config(config, folder / "contract")
    guarded_one = operation("GET", "/x", security=need())
    async with running(guarded_one, view=view, introspect=view.introspect) as gateway:
        gateway.gate.on_error = lambda error: None

        async def ask(token):
            line = f"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
            return split(await gateway.send(line.encode()))[0]

        yield ask


@contextlib.asynccontextmanager
async def by_asgi(folder, issuer):
    """The same in an ASGI service."""
    app = answers(start(200, EVENTS), body())
    async with guarded(folder, app, more=more(issuer), small=True) as (yett, _sink):

        async def ask(token):
            field = (b"authorization", f"Bearer {token}".encode())
            return (await visit(yett, target="/events", headers=[field])).status

        yield ask


@contextlib.asynccontextmanager
async def by_wsgi(folder, issuer):
    """The same in a WSGI service."""

    def app(_told, start_response):
        start_response("200 OK", [("content-type", "text/event-stream")])
        return []

    with guarded_wsgi(folder, app, more=more(issuer), small=True) as (yett, _sink):

        async def ask(token):
            told = environ(target="/events", HTTP_AUTHORIZATION=f"Bearer {token}")
            return (await asyncio.to_thread(Answer, yett, told)).status

        yield ask


ADAPTERS = {"gateway": by_gateway, "asgi": by_asgi, "wsgi": by_wsgi}


@pytest.mark.parametrize("name", ADAPTERS)
async def test_the_issuer_decides(name, tmp_path, issuer):
    """What it calls active passes, everything else is 401, each token asked about once."""
    async with ADAPTERS[name](tmp_path, issuer) as ask:
        for _ in range(3):
            assert await ask("good") == 200
            assert await ask("bad") == 401
        assert issuer.hits["/i"] == 2


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_active_token_may_be_bound_or_revoked_here(name, tmp_path, issuer):
    """Its issuer's yes is no proof of a key, and nothing against a revocation of ours."""
    bound = ACTIVE | {"cnf": {"jkt": "A" * 43}}
    issuer.posts["/i"] = (200, {}, json.dumps(bound).encode())
    async with ADAPTERS[name](tmp_path, issuer) as ask:
        assert await ask("good") == 401
    issuer.posts["/i"] = (200, {}, json.dumps(ACTIVE).encode())
    (tmp_path / "contract" / "var").mkdir(exist_ok=True)
    revoked = {"revoked": [{"kind": "sub", "value": "ann", "before": 4e9}]}
    (tmp_path / "contract" / "var" / "revoked.json").write_text(json.dumps(revoked))
    async with ADAPTERS[name](tmp_path, issuer) as ask:
        assert await ask("good") == 401


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_issuer_that_is_gone_lets_nobody_in(name, tmp_path, issuer):
    """503, because it is no bad credential; and no request reaches the service."""
    issuer.posts["/i"] = (500, {}, b"")
    async with ADAPTERS[name](tmp_path, issuer) as ask:
        assert await ask("good") == 503
        assert await ask("other") == 503


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_adapter_that_fails_lets_nobody_in(name, tmp_path, issuer, monkeypatch):
    """An exception, or silence, while asking is a no."""

    async def fails(*_):
        raise OSError("down")

    async def hangs(*_):
        await asyncio.sleep(60)

    monkeypatch.setattr("yett.gate.asking.QUESTION_SECONDS", 0.05)
    monkeypatch.setattr("yett.gate.within.asgi_asking.QUESTION_SECONDS", 0.05)
    monkeypatch.setattr("yett.gate.within.wsgi_asking.QUESTION_SECONDS", 0.05)
    for way in (fails, hangs):
        monkeypatch.setattr("yett.state.identity.Identity.introspect", way)
        async with ADAPTERS[name](tmp_path, issuer) as ask:
            assert await ask("good") == 401


async def test_without_somebody_to_ask_a_gate_says_no(tmp_path, issuer):
    """A gate that was not told how to ask refuses."""
    async with by_gateway(tmp_path, issuer) as ask:
        assert await ask("good") == 200
    async with running(operation("GET", "/x")) as gateway:
        assert not await gateway.gate.introspect("https://i", b"t")
