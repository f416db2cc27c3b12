"""The gateway with plain bearer tokens, with DPoP, with TLS and with mTLS, side by side.

One `yett serve` with one worker each, the same service, the GET of `bench.contract` and its loader.
A DPoP request has a proof of its own, signed before; TLS connections are kept alive, and with mTLS
the tokens are bound to the client's certificate (RFC 8705).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from bench.contract import AUDIENCE, CALLERS, ISSUER, TARGET, Keys, write_contract
from bench.identity_certificates import Certificates, pem
from bench.identity_load import Holder, b64, client_tls
from bench.process import busiest, cpu_seconds, free_port, pin, running
from bench.subjects import ROOT, start_upstream

CONNECTIONS = 32
PROOFS_A_SECOND = 8_000  # signed for each second of a round; more than one worker can judge
HANDSHAKES = 200
ORIGIN = "http://127.0.0.1"  # as the loader's `Host` says
NAMES = ("plain", "DPoP", "TLS", "mTLS")


@dataclass
class Gate:
    """A running gate, what is sent to it, and what was measured."""

    name: str
    port: int
    pid: int
    spec: dict[str, Any]
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    bad: int = 0
    handshake: float = 0.0

    def rate(self) -> float:
        return statistics.median(self.rates)

    def cost(self) -> float:
        """Microseconds of CPU of the whole gate, for a request."""
        return statistics.median(self.cpu)


class Issuer:
    """Signs tokens as the issuer of `bench.contract` would, bound to whatever is asked for."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwks = {"keys": [{**public, "kid": "bench-1", "alg": "ES256", "use": "sig"}]}

    def token(self, number: int, bound: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": f"customer-{number}", "client_id": "bench",
                  "iat": now, "exp": now + 86_400, "jti": f"token-{number}",
                  "scope": "bookings:read bookings:write profile:read"}  # fmt: skip
        if bound:
            claims["cnf"] = bound
        return jwt.encode(claims, self.key, "ES256", headers={"kid": "bench-1", "typ": "at+jwt"})


@contextlib.contextmanager
def gates(folder: Path, seconds: float) -> Iterator[list[Gate]]:
    """Run the service and the four gates before it."""
    issuer, certificates = Issuer(), Certificates(folder / "certificates")
    holder = pem(ec.generate_private_key(ec.SECP256R1())).decode()
    jkt = Holder(holder.encode()).thumbprint
    bound = {"DPoP": {"jkt": jkt}, "mTLS": {"x5t#S256": certificates.thumbprint}}
    with contextlib.ExitStack() as stack:
        upstream, _ = stack.enter_context(start_upstream(folder))
        made = []
        for name in NAMES:
            tokens = [issuer.token(number, bound.get(name, {})) for number in range(CALLERS)]
            keys = Keys(issuer.jwks, tuple(tokens), "")
            port, pid = stack.enter_context(start(folder / name, keys, upstream, certificates))
            spec = {
                "target": TARGET, "tokens": tokens, "origin": ORIGIN, "holder": holder,
                "proofs": int(PROOFS_A_SECOND * seconds) if name == "DPoP" else 0,
                "ca": certificates.ca if "TLS" in name else "",
                "cert": certificates.client_cert if name == "mTLS" else "",
                "key": certificates.client_key, "connections": CONNECTIONS, "seconds": seconds,
            }  # fmt: skip
            made.append(Gate(name, port, pid, spec))
        for gate in made:
            check(gate, issuer)
        yield made


@contextlib.contextmanager
def start(
    folder: Path, keys: Keys, upstream: int, certificates: Certificates
) -> Iterator[tuple[int, int]]:
    """Run `yett serve` as `bench.subjects` does, with TLS where the folder's name says so."""
    port = free_port()
    write_contract(folder, keys, upstream, port)
    if "TLS" in folder.name:
        tls = f'tls = {{cert = "{certificates.cert}", key = "{certificates.key}"'
        tls += f', client_ca = "{certificates.ca}"}}' if folder.name == "mTLS" else "}"
        config = folder / "yett.toml"
        config.write_text(config.read_text().replace("[gateway]\n", f"[gateway]\n{tls}\n"))
    command = [str(Path(sys.executable).with_name("yett")), "serve", "-C", str(folder)]
    with running(command, folder.with_suffix(".log"), port) as pid:
        yield port, pid


# --- correctness ---


def check(gate: Gate, issuer: Issuer) -> None:
    """Stop where a gate lets the wrong requests pass."""
    token, other = gate.spec["tokens"][0], issuer.token(0, {"x5t#S256": b64(bytes(32))})
    bearer = {"authorization": f"Bearer {token}"}
    if gate.name == "DPoP":
        holder = Holder(gate.spec["holder"].encode())
        proof = holder.proof("GET", ORIGIN + TARGET.partition("?")[0], token)
        shown = {"authorization": f"DPoP {token}", "dpop": proof}
        _expect(gate, shown, 200)
        _expect(gate, shown, 401)  # it was used
        _expect(gate, bearer, 401)  # stolen
    else:
        _expect(gate, bearer, 200)
        _expect(gate, {"authorization": f"Bearer {other}"}, 401)
    _expect(gate, {}, 401)
    if gate.name == "mTLS":
        with contextlib.suppress(ssl.SSLError, ConnectionError, http.client.HTTPException):
            _expect(gate, bearer, 0, cert="")


def _expect(gate: Gate, headers: dict[str, str], wanted: int, **changed: str) -> None:
    tls = client_tls({**gate.spec, **changed})
    made: http.client.HTTPConnection
    if tls is None:
        made = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=10)
    else:
        made = http.client.HTTPSConnection("localhost", gate.port, timeout=10, context=tls)
    with contextlib.closing(made):
        made.request("GET", TARGET, headers={"host": "127.0.0.1", **headers})
        answer = made.getresponse()
        said = answer.read()
    if answer.status != wanted:
        raise SystemExit(f"{gate.name} answered {answer.status}, not {wanted}: {said[:300]!r}")


# --- measuring ---


def measure(folder: Path, rounds: int, seconds: float) -> list[Gate]:
    """Measure the four in turn, round after round, then handshakes."""
    cores = sorted(os.sched_getaffinity(0))
    with gates(folder, seconds) as made:
        for gate in made:
            _load(gate, folder, {"seconds": 0.5, "proofs": min(gate.spec["proofs"], 4000)})
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[1:]))
            for gate in made:
                pin(busiest(gate.pid), {cores[0]})
        try:
            for number in range(rounds):
                for gate in made[number % 4 :] + made[: number % 4]:
                    _round(gate, folder)
            for gate in made:
                gate.handshake = _handshakes(gate) if gate.spec["ca"] else 0.0
        finally:
            os.sched_setaffinity(0, set(cores))
    return made


def _round(gate: Gate, folder: Path) -> None:
    before = cpu_seconds(gate.pid)
    found = _load(gate, folder, {})
    used = cpu_seconds(gate.pid) - before
    gate.rates.append(found["rate"])
    gate.cpu.append(used / max(1, found["requests"]) * 1e6)
    gate.p50.append(found["p50"])
    gate.p99.append(found["p99"])
    gate.bad += int(found["bad"] + found["lost"])


def _load(gate: Gate, folder: Path, changed: dict[str, Any]) -> dict[str, float]:
    path = folder / "spec.json"
    path.write_text(json.dumps({**gate.spec, **changed}))
    command = [sys.executable, "-m", "bench.identity_load", str(gate.port), str(path)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"the loader failed at {gate.name}:\n{done.stdout}{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _handshakes(gate: Gate) -> float:
    """Return microseconds of the gate's CPU for a full handshake, one after the other."""
    tls = client_tls(gate.spec)
    assert tls is not None
    before = cpu_seconds(gate.pid)
    for _ in range(HANDSHAKES):
        with (
            socket.create_connection(("127.0.0.1", gate.port)) as plain,
            tls.wrap_socket(plain, server_hostname="localhost") as made,
        ):
            made.sendall(b"GET /none HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            while made.recv(4096):
                pass
    return (cpu_seconds(gate.pid) - before) / HANDSHAKES * 1e6
