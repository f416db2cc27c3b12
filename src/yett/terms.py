"""The nouns every room shares: request, principal, decision, event.

Frozen `msgspec.Struct` values that import nothing of yett but the table of problems. Creating one
costs about a tenth of a frozen dataclass (notes/aesthetics 4.17), which is what the hot path pays.
Nothing in here decides, reads or writes.
"""

from __future__ import annotations

import enum
import hmac
from typing import Any

from msgspec import Struct

from yett.problems import Problem


class Mode(enum.StrEnum):
    """How strictly a rule is applied; adoption goes from `off` through `observe` to `enforce`."""

    OFF = "off"
    OBSERVE = "observe"
    ENFORCE = "enforce"


class Verdict(enum.StrEnum):
    """What was decided. There is no default: a decision without a verdict cannot be built."""

    ALLOW = "allow"
    REFUSE = "refuse"


class Secret:
    """A value that is never printed, logged, serialised or compared in variable time."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        self._value = value.encode() if isinstance(value, str) else value

    def reveal(self) -> bytes:
        """Return the bytes; the one door out, so that grep finds each use."""
        return self._value

    def matches(self, other: bytes) -> bool:
        """Compare in constant time (CWE-208)."""
        return hmac.compare_digest(self._value, other)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    __hash__ = None  # type: ignore[assignment]  # a secret must not become a dictionary key

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret is not serialised")


class Certificate(Struct, frozen=True, kw_only=True):
    """A client certificate that TLS has verified, here or at a trusted proxy (RFC 9440).

    Args:
        thumbprint: base64url of the SHA-256 of its DER bytes (RFC 8705 s3.1, `x5t#S256`).
        names: its subject alternative names, `uri:...`, `dns:...`, `email:...`, and `dn:` with its
            subject as RFC 4514 writes it.
        serial: lower-case hex.
        issuer: subject of its issuer, RFC 4514.
        issued, expires: unix seconds.
    """

    thumbprint: str
    names: tuple[str, ...] = ()
    serial: str = ""
    issuer: str = ""
    issued: float = 0.0
    expires: float = float("inf")


class Request(Struct, frozen=True, kw_only=True):
    """A request with one reading: what is matched is what is logged and forwarded.

    Args:
        id: the request id (opaque ASCII, made by the gate).
        method: upper-case method token.
        path: canonical percent-encoded path, ASCII, without query.
        segments: the path split on `/` and each part decoded once; `/a/b` is `("a", "b")`.
        query: the raw query without `?`, ASCII, still percent-encoded; empty when absent.
        headers: lower-case names; repeated fields joined by `, ` (`cookie` by `; `).
        source: the client's address after trusted proxies, in canonical text form.
        secure: whether the client's hop was TLS.
        authority: the `Host` the client named, lower-case, with port if it gave one.
        length: declared body length in bytes, 0 for none, None when chunked.
        certificate: the client's verified certificate, None where it showed none.
    """

    id: str
    method: str
    path: str
    segments: tuple[str, ...]
    query: str
    headers: dict[bytes, bytes]
    source: str
    secure: bool
    authority: str
    length: int | None
    certificate: Certificate | None = None


class Principal(Struct, frozen=True, kw_only=True):
    """Who is asking, as proven by a credential.

    Args:
        id: the stable identifier (`sub`, or the API key's owner).
        kind: `user`, `service`, `key` or `anonymous`.
        issuer: who vouched (`iss`, or `yett:keys`).
        client: the OAuth client id, empty when unknown.
        tenant: the tenant claim, empty when there is none.
        scopes: granted scopes.
        roles: granted roles.
        credential: an identifier of the credential that is safe to log (`jti`, key id).
        scheme: how it was presented: `jwt`, `introspection`, `api_key`, `session`, `certificate`
            or `none`.
        expires: unix seconds after which the credential is no longer good.
        claims: verified claims, for later rules; never logged whole.
        binding: what the credential is bound to, empty for a plain bearer credential:
            `jkt:THUMBPRINT` (RFC 9449 s6) or `x5t:THUMBPRINT` (RFC 8705 s3), `operation:ID` where
            it is for one call, or a key and an operation, one space apart. Step 4 lets nobody pass
            who does not prove the key, or calls another operation.
        kid: the issuer's key that signed it, empty where none did.
    """

    id: str
    kind: str
    issuer: str
    client: str = ""
    tenant: str = ""
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    credential: str = ""
    scheme: str = "none"
    expires: float = float("inf")
    claims: dict[str, Any] = {}
    binding: str = ""
    kid: str = ""


ANONYMOUS = Principal(id="", kind="anonymous", issuer="")


class Forward(Struct, frozen=True, kw_only=True):
    """What may be sent to the upstream, already canonical.

    Args:
        upstream: name of the upstream in the policy.
        method: the method.
        target: canonical origin-form target, path and query.
        body: the checked body, or None when no rule reads it and the edge streams it.
        extra: header lines to add, each with CRLF (`if-match` after a read before a write).
        without: lower-case names of the client's fields that are not forwarded, because the
            answer must come whole and plain to be checked (`range`, `if-none-match` ...).
    """

    upstream: str
    method: str
    target: str
    body: bytes | None
    extra: bytes = b""
    without: frozenset[bytes] = frozenset()


class Decision(Struct, frozen=True, kw_only=True):
    """The outcome of `engine.decide`.

    Args:
        verdict: allow or refuse.
        step: number of the step that ended the run (docs/life-of-a-request.md).
        problem: why it was refused; None when allowed.
        forward: what to send on; None when refused or answered at the gate.
        reply: a complete answer made at the gate (a CORS preflight), as status and headers.
        content: the body of `reply`.
    """

    verdict: Verdict
    step: int
    problem: Problem | None = None
    forward: Forward | None = None
    reply: tuple[int, tuple[tuple[bytes, bytes], ...]] | None = None
    content: bytes = b""


class Event(Struct, frozen=True, omit_defaults=True):
    """One record in the ledger: who did what, what was decided and why.

    Values that came from the client unverified are limited to method, path and source; queries,
    bodies, credentials and header values never enter an event. `policies` are the ids of the rules
    that determined the decision, `why` the clauses that were false, for operators. `evidence` is
    what the passkey of a voter has signed (docs/spec/approval.md s7).
    """

    time: float
    request: str
    kind: str = "request"
    method: str = ""
    path: str = ""
    operation: str = ""
    api: str = ""
    source: str = ""
    principal: str = ""
    principal_kind: str = ""
    issuer: str = ""
    client: str = ""
    tenant: str = ""
    credential: str = ""
    verdict: str = ""
    step: int = 0
    code: str = ""
    note: str = ""
    observed: tuple[str, ...] = ()
    fingerprint: str = ""
    status: int = 0
    upstream_status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    milliseconds: float = 0.0
    policy: str = ""
    trace: str = ""
    resources: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    evidence: str = ""


class Finding(Struct, frozen=True, kw_only=True):
    """Something a lint rule, a detector or an attack has to say about a place.

    Args:
        rule: stable rule id.
        severity: `error`, `warning` or `note`.
        message: one line, lower-case, user input in backticks.
        path: file, empty when it has none.
        line: 1-based line, 0 when unknown.
        hint: what to do next.
        subject: the operation or setting it is about.
    """

    rule: str
    severity: str
    message: str
    path: str = ""
    line: int = 0
    hint: str = ""
    subject: str = ""
