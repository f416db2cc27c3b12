"""Proofs of possession and tokens for one call against a running `yett serve` with two workers."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
from kit import hostile, proofs
from kit.approvals import Caller, make_approvals

from yett.records.query import Filter, Search

URL = "http://api.test/token"
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/token": {
            method: {
                "operationId": method,
                "parameters": [{"name": "a", "in": "query", "schema": {"const": "1"}}],
                "security": [{"token": []}],
                "responses": {"200": {"description": "fine"}},
            }
            for method in ("get", "head", "delete")
        }
    },
}
BIND = {"bind": "operation", "acr": "urn:strong", "max_age": 300}


@pytest.fixture
def token():
    """A token that is bound to the key of `kit.proofs`."""
    return hostile.Corpus(time.time()).good(cnf={"jkt": proofs.JKT})


@pytest.fixture
def guarded(folder, serve):
    """Start a gate that knows one issuer."""

    def start(dpop="", gateway=""):
        folder.write("openapi.json", json.dumps(CONTRACT))
        folder.write("jwks.json", json.dumps(hostile.JWKS))
        folder.configure(
            gateway=gateway,
            more=f"""failures = "1000000/min per ip"
[[identity.issuer]]
url = "{hostile.ISSUER}"
audience = "{hostile.AUDIENCE}"
algorithms = {json.dumps(hostile.ALGORITHMS)}
jwks = "jwks.json"
[identity.dpop]
{dpop}
""",
        )
        return serve()

    return start


def ask(gate, token, *shown, method="GET", scheme=b"DPoP", more=b""):
    """Send one request on a connection of its own; answers status and the whole answer."""
    lines = b"".join(b"DPoP: %b\r\n" % one for one in shown)
    with socket.create_connection(("127.0.0.1", gate.port), 20) as sock:
        head = b"%b /token?a=1 HTTP/1.1\r\nHost: api.test\r\nAuthorization: %b %b\r\n%b%b"
        sock.sendall(
            head % (method.encode(), scheme, token, lines, more) + b"Connection: close\r\n\r\n"
        )
        answer = b""
        while data := sock.recv(1 << 16):
            answer += data
    return int(answer.split(b" ")[1]), answer


def proof(token, method="GET", url=URL, **changed):
    return proofs.proof(method, url, token, **changed)


def error(answer):
    """What the challenge of the scheme says is wrong."""
    return answer.partition(b"DPoP algs=")[2].partition(b'error="')[2].partition(b'"')[0]


def notes(folder):
    """Why requests were refused, as the ledger has it."""
    return [r.e.note for r in Search(folder.path / "var/ledger", Filter()).oldest()]


def test_every_negative_is_refused_and_reaches_nobody(guarded, upstream, token):
    """The negatives of the conformance suite: 401 with a challenge; honest proofs pass."""
    gate, seen = guarded("max_age = 30"), upstream[1]
    before = len(seen)
    forged = dict([*proofs.forged_headers(), *proofs.forged_claims()])
    now = time.time()
    changed = {
        "no proof": (),
        "two proofs": (proof(token), proof(token)),
        "the same twice": (proof(token),) * 2,
        "another method": (proof(token, "POST"),),
        "another URL": (proof(token, url="http://api.test/other"),),
        "another host": (proof(token, url="http://evil.test/token"),),
        "another scheme": (proof(token, url="https://api.test/token"),),
        "another token": (proof(b"other"),),
        "no token": (proof(None),),
        "an hour ago": (proof(token, iat=now - 3600),),
        "in an hour": (proof(token, iat=now + 3600),),
        "another key": (proof(token, key=proofs.STRANGER),),
    }
    for name, shown in [*changed.items(), *((n, (p,)) for n, p in forged.items())]:
        if any(byte < 32 for one in shown for byte in one):
            continue
        status, answer = ask(gate, token, *shown)
        assert status == 401, (name, answer)
        assert error(answer) in {b"invalid_dpop_proof", b"invalid_token"}, (name, answer)
    for scheme in (b"Bearer", b"bearer"):
        assert ask(gate, token, proof(token), scheme=scheme)[0] == 401
        assert ask(gate, token, scheme=scheme)[0] == 401
    plain = hostile.Corpus(now).good()
    assert ask(gate, plain, proof(plain))[0] == 401
    assert ask(gate, plain, scheme=b"Bearer")[0] == 200
    assert len(seen) == before + 1


def test_honest_proofs_pass_and_go_on_as_they_came(guarded, upstream, token):
    """Spellings that the RFC allows pass; the service gets the token and the proof unchanged."""
    gate, seen = guarded(), upstream[1]
    now = time.time()
    for shown in (
        proof(token),
        proof(token, url="HTTP://API.test:80/%74oken?x#y"),
        proof(token, iat=int(now) - 10),
        proof(token, iat=int(now) + 10),
        proof(token, extra="ignored"),
    ):
        assert ask(gate, token, shown, scheme=b"dpop")[0] == 200
        head = seen[-1].lower()
        assert b"authorization: dpop %b" % token.lower() in head
        assert b"dpop: %b" % shown.lower() in head
    assert ask(gate, token, proof(token, "HEAD"), method="HEAD")[0] == 200
    assert ask(gate, token, proof(token, "DELETE"), method="DELETE")[0] == 200


def test_a_proof_is_good_once_among_all_workers_and_after_a_restart(guarded, folder, token):
    """Replayed to either worker, and to the next run of the gate, it is refused as used."""
    gate, shown = guarded(), proof(token)
    assert ask(gate, token, shown)[0] == 200
    for _ in range(20):
        status, answer = ask(gate, token, shown)
        assert (status, error(answer)) == (401, b"invalid_dpop_proof")
    assert gate.stop() == 0
    assert notes(folder).count("the proof is refused: it was used before") == 20
    again = guarded()
    assert ask(again, token, shown)[0] == 401
    assert ask(again, token, proof(token))[0] == 200
    assert again.stop() == 0
    assert notes(folder).count("the proof is refused: it was used before") == 21


def test_of_fifty_at_once_one_passes(guarded, upstream, token):
    """One proof on fifty connections at the same moment is one request to the service."""
    gate, seen = guarded(), upstream[1]
    for _ in range(3):
        shown, before = proof(token), len(seen)
        start, found = threading.Barrier(50), []

        def one(shown=shown, start=start, found=found):
            start.wait()
            found.append(ask(gate, token, shown)[0])

        threads = [threading.Thread(target=one) for _ in range(50)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(found) == [200] + [401] * 49
        assert len(seen) == before + 1


def test_a_nonce_of_one_worker_is_good_at_all(guarded, token):
    """The first answer brings the nonce, each later one too; any worker accepts it."""
    gate = guarded("nonce = true")
    status, answer = ask(gate, token, proof(token))
    assert (status, error(answer)) == (401, b"use_dpop_nonce")
    nonce = answer.partition(b"\r\ndpop-nonce: ")[2].partition(b"\r\n")[0].decode()
    for _ in range(12):
        status, answer = ask(gate, token, proof(token, nonce=nonce))
        assert status == 200
        assert b"\r\ndpop-nonce: " in answer
    assert ask(gate, token, proof(token, nonce="made-up"))[0] == 401


@pytest.mark.parametrize("trusted", [True, False])
def test_the_url_is_the_one_that_the_client_saw(guarded, token, trusted):
    """Behind a trusted proxy with TLS it is `https`; what a stranger forwards counts for nothing."""
    networks = '"127.0.0.1/32"' if trusted else '"192.0.2.1/32"'
    gate = guarded(gateway=f"trusted_proxies = [{networks}]")
    forwarded = b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\n"
    for url, good in (
        ("https://api.test/token", trusted),
        (URL, not trusted),
        ("https://evil.test/token", False),
    ):
        status, _ = ask(gate, token, proof(token, url=url), more=forwarded)
        assert status == (200 if good else 401), url


def test_without_a_place_to_remember_nothing_bound_passes(guarded, folder, token):
    """Where `var/used` cannot be used proofs are refused, and everybody else goes on."""
    gate = guarded()
    (folder.path / "var" / "used").mkdir(parents=True)
    assert ask(gate, token, proof(token))[0] == 401
    assert ask(gate, hostile.Corpus(time.time()).good(), scheme=b"Bearer")[0] == 200


@pytest.fixture
def till(folder, serve):
    """A gate whose payments need a token for exactly this request."""
    issuer = make_approvals(folder, BIND)

    def start():
        gate = serve()

        def caller(digest="", **claims):
            now = int(time.time())
            said = {"acr": "urn:strong", "auth_time": now, "exp": now + 100, **claims}
            if digest:
                kind = {"type": "urn:yett:operation", "operation": "shop.pay", "digest": digest}
                said["authorization_details"] = [kind]
            return Caller(gate.port, issuer.token("anna", "pay", **said))

        return gate, caller

    return start


def wanted(caller, body):
    status, fields, told = caller.send("POST", "/pay", body)
    assert (status, told["code"]) == (401, "step-up-needed")
    assert 'error="insufficient_user_authentication"' in fields["WWW-Authenticate"]
    [detail] = told["authorization_details"]
    assert (detail["type"], detail["operation"]) == ("urn:yett:operation", "shop.pay")
    return detail["digest"]


def test_a_token_for_one_call_is_good_for_that_call_once(till, upstream):
    """Challenge, token, call: another body is refused, a second call too, also after a restart."""
    gate, caller = till()
    body = {"amount": 7, "to": "Bo", "pin": "1234"}
    digest = wanted(caller(acr="urn:weak"), body)
    known = caller(digest)
    for other in ({**body, "amount": 8}, {**body, "pin": "1235"}, {"amount": 7}):
        assert wanted(known, other) != digest
    before = len(upstream[1])
    assert known.send("POST", "/pay", body)[0] == 200
    for _ in range(8):
        assert wanted(known, body) == digest
    assert len(upstream[1]) == before + 1
    assert gate.stop() == 0
    again, _ = till()
    known.port = again.port
    assert wanted(known, body) == digest
    assert len(upstream[1]) == before + 1


def test_of_twenty_calls_at_once_with_one_token_one_runs(till, upstream):
    """Two workers and twenty connections: the token is used up by one of them."""
    _, caller = till()
    body = {"amount": 7}
    known = caller(wanted(caller(), body))
    before, start, found = len(upstream[1]), threading.Barrier(20), []

    def one():
        start.wait()
        found.append(known.send("POST", "/pay", body)[0])

    threads = [threading.Thread(target=one) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [200] + [401] * 19
    assert len(upstream[1]) == before + 1
