"""Thousands of bent tokens and proofs: nothing passes that a naive verifier would not let pass."""

from __future__ import annotations

import json
import random
import time
import uuid
from base64 import urlsafe_b64decode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from kit import proofs
from kit.adapters import ADAPTERS
from kit.engine import drive, request
from kit.hostile import b64, compact, es
from kit.naive import Naive
from kit.scenario import KEY, Store, token, write_contract
from msgspec.structs import replace

from yett.engine.exchange import Exchange
from yett.gate.reload import prepare
from yett.state.memory import MemoryView

HOST, PATH = "shop.test", "/bookings/1"
URL = f"http://{HOST}{PATH}"
STRANGER = ec.generate_private_key(ec.SECP256R1())
ODD = [
    None, True, 0, -1, 1e308, 2**63, "", " ", "x", "k", "ES256", "none", "HS256", "at+jwt", "JWT",
    "AT+JWT", "application/at+jwt", "dpop+jwt", [], {}, ["https://api.test"], "https://api.test",
    ["https://api.test", 7], "https://api.test/", "https://issuer.test", "https://issuer.test/",
    {"jkt": proofs.JKT}, {"jkt": proofs.JKT, "x5t#S256": proofs.JKT}, {"jkt": ""}, {"jku": "x"},
    "GET", "get", "POST", URL, URL + "?a", URL + "/", URL.upper(), f"http://{HOST}:80{PATH}",
    f"http://{HOST}.evil{PATH}", f"http://u@{HOST}{PATH}", "a\nb", "é", "x" * 300,
]  # fmt: skip
NAMES = ["alg", "kid", "typ", "crit", "jwk", "jku", "x5t", "b64", "zip"]
CLAIMS = [
    "iss",
    "aud",
    "sub",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sid",
    "cnf",
    "htm",
    "htu",
    "ath",
    "nonce",
    "act",
]


def bent(rng, head, claims, key):
    """A token or proof with up to three things wrong, or none."""
    head, claims = dict(head), dict(claims)
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        part, names = rng.choice([(head, NAMES), (claims, CLAIMS), (claims, CLAIMS)])
        name = rng.choice(names)
        if rng.random() < 0.3:
            part.pop(name, None)
        else:
            near = int(time.time()) + rng.choice([-4000, -100, -10, 0, 10, 100, 4000])
            part[name] = rng.choice([*ODD, near, near, near + 0.5])
    raw = [json.dumps(one).encode() for one in (head, claims)]
    if rng.random() < 0.05:
        at = rng.randrange(2)
        raw[at] = rng.choice([b'{"iss":"x",', b'{"alg":"none",', b"{ ", b"[", b""]) + raw[at][1:]
    text = compact(*raw, lambda message: es(key if rng.random() < 0.95 else STRANGER, message))
    return spelled(rng, text.decode())


def spelled(rng, text):
    """The same text, or another spelling of it, or a broken one."""
    if rng.random() < 0.75:
        return text
    at, parts = rng.randrange(len(text)), text.split(".")
    return rng.choice([
        text[:at] + rng.choice("Aa0-_.=+/ ~") + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + rng.choice("A=\t.%") + text[at:],
        text + rng.choice(["=", ".", "A", " ", ".x"]),
        ".".join([parts[0], parts[1], ""]),
        ".".join([b64(b'{"alg":"none","typ":"at+jwt"}').decode(), parts[1], parts[2]]),
        ".".join([parts[1], parts[0], parts[2]]),
        parts[0] + "." + parts[1],
    ])  # fmt: skip


def attempts(rng, count):
    """(scheme, token, proof, method): with what is remembered coming again now and then."""
    kept = []
    for _ in range(count):
        if kept and rng.random() < 0.1:
            yield rng.choice(kept)
            continue
        more = {"cnf": {"jkt": proofs.JKT}} if rng.random() < 0.6 else {}
        good = token("ann", jti=uuid.uuid4().hex, **more)
        claims = jwt.decode(good, options={"verify_signature": False})
        made = bent(rng, jwt.get_unverified_header(good), claims, KEY)
        said = proofs.claims("GET", URL, made.encode())
        shown = bent(rng, proofs.head(), said, rng.choice([proofs.HOLDER] * 9 + [STRANGER]))
        usual = ["DPoP", "dpop"] if more else ["Bearer"]
        scheme = rng.choice([*usual * 3, "Bearer", "DPoP", "bearer", "Basic", "DPoPx"])
        kept.append((scheme, made, shown if more or rng.random() < 0.2 else None, "GET"))
        yield kept[-1]


def can_be_sent(*texts):
    """Spaces around a value are not a part of it, and controls never arrive."""
    return all(one is None or (one == one.strip() and one.isprintable()) for one in texts)


def told(text):
    """What a failure shows: the decoded segments."""
    try:
        return [urlsafe_b64decode(part + "==") for part in (text or "").split(".")[:2]], text
    except ValueError:
        return text


def naive():
    return Naive(KEY.public_key(), "https://issuer.test", "https://api.test")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_passes_that_a_naive_verifier_refuses(tmp_path, seed):
    """Step 4 and PyJWT with checks by hand agree on each of many bent tokens and proofs."""
    program = prepare(write_contract(tmp_path / "contract", 1))
    view = MemoryView.from_config(program.policy.config, tmp_path / "contract")
    reference, rng, passed = naive(), random.Random(seed), 0
    for scheme, made, shown, method in attempts(rng, 1500):
        now = time.time()
        fields = {"authorization": f"{scheme} {made}".encode("latin-1", "replace")}
        if shown is not None:
            fields["dpop"] = shown.encode("latin-1", "replace")
        asked = replace(request(PATH, method, **fields), authority=HOST)
        x = Exchange(program, asked, view, now)
        decision, _ = drive(x, False)
        known = bool(x.principal.id) and (decision.problem is None or decision.step > 6)
        expected = reference.accepts(scheme, made, shown, method, URL, now)
        assert known == expected, (scheme, told(made), told(shown), decision.problem)
        passed += known
    assert passed > 100


async def test_every_adapter_says_the_same(tmp_path):
    """Gateway, ASGI and WSGI let the same requests through, and those that the naive one would."""
    many = [one for one in attempts(random.Random(3), 60) if can_be_sent(*one[1:3])]
    found = {}
    for adapter in ADAPTERS:
        folder = tmp_path / adapter.__name__
        async with adapter(folder, Store()) as gate:
            reference = naive()
            for at, (scheme, made, shown, method) in enumerate(many):
                fields = {"host": HOST, "authorization": f"{scheme} {made}"}
                fields |= {} if shown is None else {"dpop": shown}
                status, _, _ = await gate.ask(method, PATH, fields, b"")
                good = reference.accepts(scheme, made, shown, method, URL, time.time())
                assert status in ({200, 403, 404} if good else {400, 401}), (scheme, made, shown)
                found.setdefault(at, set()).add(status)
    assert all(len(statuses) == 1 for statuses in found.values())
    assert sum(statuses == {200} for statuses in found.values()) > 5
