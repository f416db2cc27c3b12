"""What identity costs: `python -m bench identity` writes `bench/RESULTS-identity.md`.

Three parts, each of which can be left out with `--only`: `verify` (credentials in this process, in
CPU time, beside PyJWT and joserfc), `gate` (the gateway with plain tokens, DPoP, TLS and mTLS) and
`issuer` (tokens a second). All subjects must decide rightly before they are timed. Two minutes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import os
import sys
import tempfile
import time
from pathlib import Path

from bench import identity_gate, identity_issuer, identity_verify
from bench.identity_gate import Gate
from bench.identity_issuer import CONNECTIONS, Flow, median
from bench.identity_verify import FRESH, Subject
from bench.report import machine

ROOT = Path(__file__).parents[1]
PARTS = ("verify", "gate", "issuer")
BUSY = 0.7  # load average above which figures of wall time are somebody else's, too
PACKAGES = ("cryptography", "joserfc", "pyjwt", "webauthn", "sqlalchemy", "starlette")


def main(arguments: list[str] | None = None) -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(prog="bench identity", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of the part `verify`; 3 of others")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement under load")
    parser.add_argument("--only", default=",".join(PARTS), help="comma-separated")
    parser.add_argument("--out", default=str(ROOT / "bench" / "RESULTS-identity.md"))
    options = parser.parse_args(arguments)
    chosen, began = options.only.split(","), time.monotonic()
    load = os.getloadavg()[0]
    texts = []
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as name:
        folder = Path(name)
        if "verify" in chosen:
            _say("credentials in this process")
            texts.append(_verified(identity_verify.measure(options.rounds), options.rounds))
        if "gate" in chosen:
            _say("the gateway")
            (folder / "gate").mkdir()
            made = identity_gate.measure(folder / "gate", 3, options.seconds)
            texts.append(_gates(made, options.seconds))
        if "issuer" in chosen:
            _say("the issuer")
            texts.append(_issued(*identity_issuer.measure(folder / "issuer", 3, options.seconds)))
    command = "python3 dev.py bench identity" + "".join(f" {word}" for word in arguments or ())
    text = "\n\n".join([_head(command, time.monotonic() - began, load), *texts]) + "\n"
    Path(options.out).write_text(text, encoding="utf-8")
    print(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _head(command: str, seconds: float, load: float) -> str:
    made = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        "# What identity costs\n\n"
        f"Made by `{command}` in {seconds:.0f} s on {made}. Trust the ratios, not the absolutes."
        "\n\n"
        f"{machine()} {versions}. Load average before it began: {load:.1f}"
        f" ({'others were at work' if load > BUSY else 'nobody else was at work'})."
    )


# --- credentials ---


def _verified(subjects: list[Subject], rounds: int) -> str:
    groups: dict[str, list[Subject]] = {}
    for subject in subjects:
        groups.setdefault(subject.group, []).append(subject)
    intro = (
        "## A credential, in one process\n\n"
        f"Microseconds of CPU of one thread, median of {rounds} rounds (lowest to highest), every"
        " subject after the other in each round. yett's figures are those of the steps named, as"
        " they run in a gate (docs/life-of-a-request.md), with the principal made. PyJWT and"
        " joserfc have the same checks written around them: key by `kid`, the key's algorithm and"
        " never the token's, `typ`, `iss`, `aud`, `exp`, `nbf`, `iat`, `sub`, `jti`. Before"
        " anything is timed each has accepted good tokens of all four algorithms and refused 15 bad"
        " ones of each, and of proofs 10 bad ones and one that was used."
        f" Anew: {FRESH} tokens that nobody has seen before, each verified once a round."
    )
    return "\n\n".join([intro, *(_group(name, found) for name, found in groups.items())])


def _group(name: str, subjects: list[Subject]) -> str:
    lines = [f"### {name}", "", "| | µs | times the first |", "|---|--:|--:|"]
    for one in subjects:
        ratio = one.cost / subjects[0].cost
        lines.append(
            f"| {one.name} | **{one.cost:.1f}** ({min(one.times):.1f} to {max(one.times):.1f})"
            f" | {ratio:.2f} |"
            if one.cost >= 10
            else f"| {one.name} | **{one.cost:.2f}** ({min(one.times):.2f} to {max(one.times):.2f})"
            f" | {ratio:.2f} |"
        )
    return "\n".join(lines)


# --- the gateway ---

GATE_COLUMNS = (
    "| | CPU per request | to plain | requests/s (lowest to highest) | to plain | p50 | p99"
    " | failed | CPU per handshake, handshakes/s of a core |"
)


def _gates(gates: list[Gate], seconds: float) -> str:
    plain = gates[0]
    said = (
        f"`yett serve`, one worker each with a core of its own, one service (nginx where there is"
        f" one), 3 rounds of {seconds:g} s by turns, medians; load by bench/identity_load.py, a"
        f" process of its own on the other core, {identity_gate.CONNECTIONS} kept connections, 64"
        " callers, the GET of [RESULTS.md](RESULTS.md). DPoP: every request has a proof of its own"
        " (ES256, no nonce), signed before the round begins. TLS 1.3, P-256; with mTLS the tokens"
        " are bound to the client's certificate. The loader is Python and may be what is slow:"
        " **compare the CPU of the gate** (worker, recorder and supervisor) for a request."
        " Handshake: a connection with one refused request, one after the other."
    )
    lines = [
        "## The gateway",
        "",
        said,
        "",
        GATE_COLUMNS,
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for gate in gates:
        shake = "-"
        if gate.handshake:
            shake = f"{gate.handshake / 1000:.2f} ms, {1e6 / gate.handshake:,.0f}"
        lines.append(
            f"| {gate.name} | **{gate.cost():.0f} µs** | {gate.cost() / plain.cost():.2f}"
            f" | {gate.rate():,.0f} ({min(gate.rates):,.0f} to {max(gate.rates):,.0f})"
            f" | {gate.rate() / plain.rate():.2f}"
            f" | {median(gate.p50):.2f} ms | {median(gate.p99):.2f} ms | {gate.bad} | {shake} |"
        )
    return "\n".join(lines)


# --- the issuer ---


def _issued(flows: list[Flow], fsync: float) -> str:
    said = (
        "One control process, its store on SQLite, asked directly (not through the gate) by"
        f" {CONNECTIONS} connections that each wait for their answer; ES256 signatures; 3 rounds by"
        " turns, medians. `busy` is how much of one core the control process used:"
        " near 1 it is bound by Python (the interpreter's lock), well below by the disk. Each token"
        " is a transaction that is on disk before the answer leaves; transactions that write come"
        f" one after the other. An fsync of 4 KB takes {fsync:.2f} ms here."
    )
    lines = [
        "## The issuer",
        "",
        said,
        "",
        "| | tokens/s (lowest to highest) | p50 | p99 | CPU per token | busy | written to disk |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for flow in flows:
        written = f"{flow.writes / 1024:.1f} KB" if flow.writes else "-"
        lines.append(
            f"| {NAMES[flow.name]} | **{median(flow.rates):,.0f}** ({min(flow.rates):,.0f} to"
            f" {max(flow.rates):,.0f}) | {median(flow.p50):.1f} ms | {median(flow.p99):.1f} ms"
            f" | {median(flow.control) / 1000:.2f} ms | {median(flow.busy):.2f} | {written} |"
        )
    return "\n".join(lines)


NAMES = {
    "secret": "`client_credentials`, `client_secret_basic`",
    "private_key_jwt": "`client_credentials`, `private_key_jwt` (an assertion each)",
    "refresh": "`refresh_token`, rotated each time",
}


if __name__ == "__main__":
    main()
