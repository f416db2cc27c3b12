"""The face: Django behind it, and kinds of scopes that nobody knows."""

from __future__ import annotations

import django
import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from kit.adapters import compiled_once, listening, send_bytes
from kit.gateway import ListSink, split
from kit.scenario import token
from kit.within import Answer, environ, guarded, guarded_wsgi, write_contract

from yett.asgi import Yett

BOOKING = {"id": 1, "customer_id": 1, "status": "draft", "price": 1}


def booking(request, number):
    caller = request.META.get("yett.caller") or request.scope["yett"]
    return JsonResponse(BOOKING | {"note": f"{request.method} {caller.principal.id}"})


urlpatterns = [path("bookings/<int:number>", booking)]


@pytest.fixture(scope="module", autouse=True)
def _django():
    if not settings.configured:
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="k")
        django.setup()


async def test_django_in_asgi(tmp_path):
    """Django knows no lifespan, and wants exactly one message for a body."""
    contract = write_contract(tmp_path / "contract", 1)
    with compiled_once():
        yett = Yett(get_asgi_application(), contract, sink=ListSink())
    async with listening(yett) as port:
        told = f"Host: a\r\nConnection: close\r\nAuthorization: Bearer {token('ann')}\r\n"
        got = split(await send_bytes(port, f"GET /bookings/1 HTTP/1.1\r\n{told}\r\n".encode()))
        assert got[0] == 200
        assert b'"GET 1"' in got[2]
        told += "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n"
        raw = f"PATCH /bookings/1 HTTP/1.1\r\n{told}".encode() + b'{"note":"x"}'
        got = split(await send_bytes(port, raw))
        assert got[0] == 200
        assert b'"PATCH 1"' in got[2]


def test_django_in_wsgi(tmp_path):
    """The same rules, the same records."""
    with guarded_wsgi(tmp_path, get_wsgi_application()) as (yett, sink):
        assert b'"GET 1"' in Answer(yett, environ(who="ann")).body
        assert Answer(yett, environ(who="bob")).code == "no-such-record"
        told = environ("PATCH", "/bookings/1", b'{"note":"x"}', "ann")
        assert b'"PATCH 1"' in Answer(yett, told).body
        yett.close()
        assert [event.status for event in sink.events if event.kind == "request"] == [200, 404, 200]


async def test_an_unknown_scope_is_not_let_through(tmp_path):
    """A new kind of ASGI connection is refused until it is known."""

    async def app(*_):
        raise AssertionError

    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        with pytest.raises(RuntimeError, match="webtransport"):
            await yett({"type": "webtransport"}, None, None)
