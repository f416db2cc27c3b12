"""Scopes: one reading of the path, no way around the gate, nothing shared between calls."""

from __future__ import annotations

from kit.authority import Authority
from kit.within import answers, body, guarded, scope, start, visit

from yett.gate.within.asgi_scope import heard
from yett.wire.certificate import read_certificate


def test_a_server_that_keeps_no_raw_path():
    """The decoded path is encoded again: what decoded to something odd is still seen as odd."""
    told = heard(scope(path="/a b/%2e;x", raw_path=None))
    assert told.path == b"/a%20b/%252e%3Bx"
    assert heard(scope(client=None)).address == ""
    assert heard(scope(http_version="1.0")).minor == 0


async def test_no_bytes_pass_unseen(tmp_path):
    """Extensions that send files by their path, and the like, are not offered to the application."""
    seen = []

    async def app(told, receive, send):
        seen.append(told)
        told["state"]["x"] = 1
        await answers(start(), body())(told, receive, send)

    extensions = {"http.response.pathsend": {}, "http.response.early_hint": {}, "tls": {"a": 1}}
    state = {}
    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        await visit(yett, target="/echo", extensions=extensions, state=state, yett="forged")
    assert seen[0]["extensions"] == {"tls": {"a": 1}}
    assert state == {}
    assert seen[0]["yett"].operation == "shop.hear"


async def test_a_read_for_a_rule_leaves_no_trace_in_the_request(tmp_path):
    """What the application keeps in `state` in one call is not there in the other."""
    calls = []

    async def app(told, receive, send):
        calls.append((told["method"], dict(told["state"]), told["yett"].operation))
        told["state"]["who"] = told["method"]
        record = b'{"id":1,"customer_id":1,"status":"draft","price":1}'
        json = (b"content-type", b"application/json")
        await answers(start(200, json), body(record))(told, receive, send)

    text = b'{"note":"x"}'
    fields = [(b"content-type", b"application/json"), (b"content-length", b"12")]
    async with guarded(tmp_path, app) as (yett, _sink):
        told = {"method": "PATCH", "headers": fields, "who": "ann", "state": {"a": 1}}
        assert (await visit(yett, text, **told)).status == 200
    assert calls == [("GET", {"a": 1}, ""), ("PATCH", {"a": 1}, "shop.changeBooking")]


LEAF = Authority().issue("dns:a.example")


def told_by_server(**tls):
    return heard(scope(extensions={"tls": {"client_cert_chain": [], **tls}})).certificate


def test_what_the_server_has_verified_of_the_client():
    """The first certificate of the chain, where the server verified it (ASGI TLS extension)."""
    pem = LEAF.pem.decode()
    found = told_by_server(client_cert_chain=[pem], client_cert_error=None)
    assert found == read_certificate(LEAF.der)
    assert told_by_server(client_cert_chain=(pem,)) == found
    assert told_by_server(client_cert_chain=[pem], client_cert_error="self-signed") is None
    assert told_by_server(client_cert_name="CN=admin") is None
    for junk in ("", "junk", pem[:100], pem.replace("M", "!", 1)):
        assert told_by_server(client_cert_chain=[junk]) is None
    assert heard(scope()).certificate is None
    assert heard(scope(extensions={"tls": {}})).certificate is None
