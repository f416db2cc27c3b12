"""Step 15, response hygiene: the fields every answer carries, and which bodies are never relayed.

Ready bytes are only joined here. The adapter drops `dropped_response_fields` and hop-by-hop fields
of the service's own answer and appends these. RFC 9449 s8.2: a nonce may come with any answer.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.steps.possession import JKT
from yett.policy.limits import ratelimit_fields
from yett.terms import Mode

FIRST_SERVER_ERROR = 500


def fields(x: Exchange, status: int) -> bytes:
    """Return the header lines that yett adds, each `name: value` with CRLF.

    Args:
        x: the exchange, in whatever state the run ended.
        status: the status that is about to be sent.
    """
    plan = x.plan
    cross = len(x.cors) > len(x.program.browser.vary)
    cache = plan is not None and plan.operation.cache and status < FIRST_SERVER_ERROR
    block = x.program.blocks.table[x.request.secure, cache, cross]
    headers = x.program.policy.config.headers
    if x.taken and headers.ratelimit:
        block += ratelimit_fields(x.taken, headers.legacy_ratelimit)
    binding = x.principal.binding
    if binding and binding[:4] == JKT and x.program.policy.config.identity.dpop.nonce:
        # The next one, so that a client is refused for its nonce once and not each minute.
        block += b"dpop-nonce: %s\r\n" % x.view.nonce(x.now)
    return b"%s%syett-request-id: %s\r\n" % (block, x.cors, x.request.id.encode())


def page_fields(x: Exchange) -> bytes:
    """Return the lines for an answer of the issuer, whose pages say for themselves what they may.

    Args:
        x: the exchange of an operation with `pages`.
    """
    config = x.program.policy.config
    hsts = config.headers.hsts if x.request.secure else ""
    strict = f"strict-transport-security: {hsts}\r\n".encode() if hsts else b""
    return b"%s%syett-request-id: %s\r\n" % (strict, x.cors, x.request.id.encode())


def scrubbed(x: Exchange, status: int) -> bool:
    """Whether the service's body of this status is replaced: stack traces leak (CWE-209)."""
    if status < FIRST_SERVER_ERROR:
        return False
    return x.plan is None or x.plan.operation.modes["response_headers"] is Mode.ENFORCE
