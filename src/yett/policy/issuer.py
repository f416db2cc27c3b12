"""yett's own authorization server behind the gate: one operation for all below its path.

Only where `identity.builtin.url` has a path (`https://api.example.com/auth`); then browsers meet
the API and its sign-in on one origin. The gate limits and records these requests and reads nothing
of them: the issuer is a server of its own, which writes the security fields of its own pages.
RFC 8414 s3 puts its metadata at the root of the host, hence the second operation.
"""

from __future__ import annotations

from collections.abc import Iterator

from yett.contract.builtin import issuer_path
from yett.contract.config import Config
from yett.policy.limits import parse_limit
from yett.policy.model import RULES, OperationPolicy, Upstream
from yett.policy.routing import FALLBACK_METHOD
from yett.terms import Mode

ISSUER_API = "yett:issuer"  # its `:` keeps it apart from every `[api.NAME]`
MAX_BODY_BYTES = 256 * 1024
TIMEOUT_SECONDS = 30.0
METADATA = "/.well-known/oauth-authorization-server"


def issuer_base(config: Config) -> str:
    """Return the path below which the gate serves the issuer; empty where it does not."""
    builtin = config.identity.builtin
    return issuer_path(builtin) if builtin is not None else ""


def issuer_operations(config: Config) -> Iterator[OperationPolicy]:
    """Build what stands for the issuer's endpoints; nothing where the gate does not serve it."""
    base = issuer_base(config)
    builtin = config.identity.builtin
    rates = builtin.limits if builtin is not None else ()
    for template in (base, METADATA + base) if base else ():
        yield OperationPolicy(
            id=f"{ISSUER_API}.{template}",
            api=ISSUER_API,
            method=FALLBACK_METHOD,
            template=template,
            upstream=ISSUER_API,
            public=True,
            security=None,
            parameters=None,
            body=None,
            body_required=False,
            text=None,
            limits=tuple(parse_limit(text, name="issuer", shared=ISSUER_API) for text in rates),
            cost=1.0,
            concurrency=0,
            max_body=MAX_BODY_BYTES,
            timeout=TIMEOUT_SECONDS,
            stream_request=True,
            stream_response=False,
            websocket=False,
            idempotent=False,
            cache=True,
            sensitive=False,
            modes=dict.fromkeys(RULES, Mode.ENFORCE),
            guard=None,
            demand=None,
            declared=None,
            approvable=None,
            own="",
            pages=True,
        )


def issuer_upstream(config: Config) -> dict[str, Upstream]:
    """Say where the control process listens, for the gate that serves it."""
    builtin = config.identity.builtin
    if builtin is None or not issuer_base(config):
        return {}
    host, _, port = builtin.listen.rpartition(":")
    return {ISSUER_API: Upstream(ISSUER_API, "http", host.strip("[]"), int(port))}
