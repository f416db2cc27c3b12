"""The face over real sockets' semantics: bounds, one reading, who is believed, what answers carry."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Route, json_answer
from yett.issuer.web import MAX_BODY_BYTES, Face
from yett.state.errors import StateError
from yett.terms import Certificate

SECRET = b"of-this-run"
CERTIFICATE = Certificate(thumbprint="t" * 43, names=("dns:a.test",), expires=2e9)
SHOWN = b64encode(msgspec.json.encode(CERTIFICATE)).decode()


def echo(_server, ask):
    return json_answer(msgspec.to_builtins(ask))


def refuse(_server, _ask):
    raise OAuthError("invalid_grant", "no such code")


def no_store(_server, _ask):
    raise StateError("the disk is full at /secret/place")


def bug(_server, _ask):
    raise ZeroDivisionError("secret")


def page(_server, _ask):
    return Answer(
        headers=(
            ("content-security-policy", "script-src 'self'"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        )
    )


ROUTES = (
    Route(method="GET", path="/echo", endpoint=echo),
    Route(method="POST", path="/echo", endpoint=echo, cross=True),
    Route(method="POST", path="/form", endpoint=echo, form=True),
    Route(method="GET", path="/things/{id}", endpoint=echo),
    Route(method="POST", path="/refused", endpoint=refuse),
    Route(method="GET", path="/full", endpoint=no_store),
    Route(method="GET", path="/bug", endpoint=bug),
    Route(method="GET", path="/page", endpoint=page),
    Route(method="GET", path="/.well-known/oauth-authorization-server", endpoint=echo, root=True),
)


@pytest.fixture
async def client(server):
    errors = []
    with ThreadPoolExecutor(2) as threads:
        face = Face(server, ROUTES, threads, secret=SECRET, on_error=errors.append)
        transport = httpx.ASGITransport(face.app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url=server.origin) as client:
            client.errors = errors
            yield client


async def test_a_request_is_read_into_values(client):
    """Method, path below the prefix, parameters, cookies and the client's address come in."""
    answer = await client.post("/auth/echo?q=1", data={"f": "2"}, headers={"cookie": "c=3"})
    ask = answer.json()
    assert (ask["path"], ask["query"], ask["form"]) == ("/echo", {"q": "1"}, {"f": "2"})
    assert (ask["cookies"], ask["source"], ask["body"]) == ({"c": "3"}, "192.0.2.1", "")
    assert (await client.get("/auth/things/7%2F8")).status_code in (200, 404)
    assert (await client.get("/auth/things/7")).json()["arguments"] == {"id": "7"}


async def test_nobody_but_the_gate_names_the_client(client):
    """Address and certificate are believed with this run's secret only (CVE-2024-10039)."""
    claims = {"x-forwarded-for": "203.0.113.7", "yett-certificate": SHOWN}
    for secret in ({}, {"yett-gate": ""}, {"yett-gate": "guess"}):
        ask = (await client.post("/auth/echo", headers=claims | secret)).json()
        assert (ask["source"], ask["certificate"]) == ("192.0.2.1", None)
    ask = (await client.post("/auth/echo", headers=claims | {"yett-gate": SECRET.decode()})).json()
    assert ask["source"] == "203.0.113.7"
    assert msgspec.convert(ask["certificate"], Certificate) == CERTIFICATE
    assert "yett-gate" not in ask["headers"]


async def test_a_form_of_another_site_is_refused(client, server):
    """Fetch Metadata and Origin both have to be ours, where the browser sends them (CWE-352)."""
    own = [
        {},
        {"origin": server.origin},
        {"sec-fetch-site": "same-origin", "origin": server.origin},
    ]
    foreign = [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.test"},
        {"sec-fetch-site": "none", "origin": "null"},
    ]
    for headers in own:
        assert (await client.post("/auth/form", headers=headers)).status_code == 200
    for headers in foreign:
        answer = await client.post("/auth/form", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


async def test_bodies_are_bounded(client):
    """A body beyond the bound is refused, with and without a length."""
    assert (await client.post("/auth/echo", content=b"x" * MAX_BODY_BYTES)).status_code == 200
    assert (await client.post("/auth/echo", content=b"x" * (MAX_BODY_BYTES + 1))).status_code == 413


async def test_refusals_and_troubles_show_nothing(client):
    """An OAuth error is its JSON; a broken store is 503, a bug 500, and neither says why."""
    answer = await client.post("/auth/refused")
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "no such code"},
    )
    full, bug_ = await client.get("/auth/full"), await client.get("/auth/bug")
    assert (full.status_code, full.json()) == (503, {"error": "temporarily_unavailable"})
    assert (bug_.status_code, bug_.json()) == (500, {"error": "server_error"})
    assert [type(error) for error in client.errors] == [StateError, ZeroDivisionError]


async def test_every_answer_carries_security_fields(client):
    """What an endpoint did not set is set: nothing frames, sniffs, caches or scripts by accident."""
    for path in ("/auth/echo", "/auth/bug", "/auth/nothing", "/nothing"):
        headers = (await client.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"].startswith("max-age=")
    own = (await client.get("/auth/page")).headers
    assert own["content-security-policy"] == "script-src 'self'"
    assert own.get_list("set-cookie") == ["a=1", "b=2"]


async def test_pages_elsewhere_call_what_is_meant_for_them(client, server):
    """CORS: configured origins, on routes that say so, and never with `*`."""
    server.config = msgspec.structs.replace(
        server.config,
        cors=msgspec.structs.replace(server.config.cors, origins=("https://app.test",)),
    )
    origin = {"origin": "https://app.test"}
    assert (await client.post("/auth/echo", headers=origin)).headers[
        "access-control-allow-origin"
    ] == "https://app.test"
    assert (await client.options("/auth/echo", headers=origin)).status_code == 204
    assert (
        "access-control-allow-origin"
        not in (await client.post("/auth/form", headers=origin)).headers
    )
    other = await client.post("/auth/echo", headers={"origin": "https://evil.test"})
    assert "access-control-allow-origin" not in other.headers


async def test_metadata_stands_at_both_places(client):
    """RFC 8414 s3.1 puts the path of the issuer behind the well-known name."""
    for path in (
        "/auth/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/auth",
    ):
        assert (await client.get(path)).status_code == 200


async def test_other_methods_are_refused(client):
    """A route answers its own method, and HEAD for GET."""
    assert (await client.put("/auth/echo")).status_code == 405
    assert (await client.get("/auth/form")).status_code == 405
    assert (await client.head("/auth/echo")).status_code == 200
