"""Every hostile token of the corpus against a running `yett serve`, which takes the honest ones."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
from kit import hostile

CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "session": {"type": "apiKey", "in": "cookie", "name": "session"},
        }
    },
    "paths": {
        f"/{name}": {"get": {"security": wanted, "responses": {"200": {"description": "fine"}}}}
        for name, wanted in {
            "token": [{"token": []}],
            "optional": [{}, {"token": []}],
            "session": [{"session": []}],
            "key": [{"key": []}],
        }.items()
    },
}


@pytest.fixture
def canary():
    """A server that nobody may ask; answers its port and who came."""
    came = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:
                return
            came.append(peer)
            connection.close()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], came
    listener.close()


@pytest.fixture
def tokens():
    """The corpus made for the moment at which the gate is asked."""
    return hostile.Corpus(time.time())


@pytest.fixture
def guarded(folder, serve, tokens):
    """A running gate that takes tokens of one issuer and API keys of nobody."""
    folder.write("openapi.json", json.dumps(CONTRACT))
    folder.write("jwks.json", json.dumps(hostile.JWKS))
    folder.configure(
        more=f"""failures = "1000000/min per ip"
[[identity.issuer]]
url = "{hostile.ISSUER}"
audience = "{hostile.AUDIENCE}"
algorithms = {json.dumps(hostile.ALGORITHMS)}
jwks = "jwks.json"
"""
    )
    return serve()


def ask(port, path, field, value):
    """Send one request on a connection of its own; answers the status and the whole answer."""
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        head = b"GET /%b HTTP/1.1\r\nHost: a\r\n%b%b\r\nConnection: close\r\n\r\n"
        sock.sendall(head % (path, field, value))
        answer = b""
        while data := sock.recv(1 << 16):
            answer += data
    return int(answer.split(b" ")[1]), answer.lower()


def led_astray(made, port):
    """Tokens that name a place to fetch keys from."""
    url = f"http://127.0.0.1:{port}/keys"
    for name in ("jku", "x5u", "iss"):
        yield f"canary {name}", made.good({name: url})
    yield "canary kid", made.good({"kid": url})
    yield "canary iss claim", made.good(iss=f"http://127.0.0.1:{port}")
    yield "canary jwks_uri claim", made.good({"kid": "no"}, jwks_uri=url)
    yield "canary cnf jku", made.good(cnf={"jku": url, "kid": "x"})


def test_no_hostile_token_passes_and_none_makes_the_gate_ask_around(
    guarded, upstream, canary, tokens
):
    """Each is refused with a challenge, also where none is needed; keys come from nowhere else."""
    seen = upstream[1]
    before = len(seen)
    hostile_ones = [
        *tokens.HOSTILE.items(),
        *tokens.BOUND.items(),
        *led_astray(tokens, canary[0]),
    ]
    assert len(hostile_ones) > 250
    for name, token in hostile_ones:
        if token.rstrip(b" \t") in tokens.CONTROLS.values():
            continue  # white space after a field's value is no part of it (RFC 9110 s5.5)
        for path in (b"token", b"optional"):
            status, answer = ask(guarded.port, path, b"Authorization: Bearer ", token)
            unreadable = any(byte < 32 or byte == 127 for byte in token) or len(token) > 30_000
            assert status in ((400, 401, 431) if unreadable else (401,)), (name, path, answer)
            assert status != 401 or b"\r\nwww-authenticate: " in answer, name
    assert len(seen) == before
    assert canary[1] == []
    assert guarded.process.poll() is None


def test_honest_tokens_pass_in_their_place_only(guarded, upstream, tokens):
    """The controls pass as bearer and as session, and are nothing where a key is wanted."""
    for name, token in tokens.CONTROLS.items():
        assert ask(guarded.port, b"token", b"Authorization: Bearer ", token)[0] == 200, name
        assert ask(guarded.port, b"session", b"Cookie: session=", token)[0] == 200, name
        for path, field in (
            (b"key", b"X-API-Key: "),
            (b"token", b"X-API-Key: "),
            (b"token", b"Authorization: Basic "),
            (b"token", b"Authorization: DPoP "),
            (b"token", b"Proxy-Authorization: Bearer "),
            (b"token", b"Cookie: session="),
            (b"session", b"Authorization: Bearer "),
            (b"token?access_token=", b"X: "),
        ):
            assert ask(guarded.port, path, field, token)[0] == 401, (name, path, field)
    twice = next(iter(tokens.CONTROLS.values()))
    bad = next(iter(tokens.HOSTILE.values()))
    field = b"Authorization: Bearer %b\r\nAuthorization: Bearer " % twice
    assert ask(guarded.port, b"token", field, twice)[0] == 400
    for more in (b"; session=", b"; session =", b"; Session="):
        field = b"Cookie: session=%b%b" % (twice, more)
        assert ask(guarded.port, b"session", field, bad)[0] == 401, more
