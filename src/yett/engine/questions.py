"""Questions the engine asks when the answer lies outside: values, answered by the adapter.

`decide` yields one and is resumed with the answer (`generator.send`). On the common path of a GET
none is asked. Sources: design/architecture.md, "Pure core: questions as values".
"""

from __future__ import annotations

from msgspec import Struct

from yett.engine.approvals import ApprovalQuestion
from yett.terms import Event


class ReadBody(Struct, frozen=True):
    """Read the whole request body. Answer: `bytes`, or the `Problem` that stopped it.

    The adapter sends `100 Continue` now if the client waits for it (RFC 9110 s10.1.1), because
    everything that can be refused from the head alone has been.
    """

    limit: int


class FetchKeys(Struct, frozen=True):
    """Refresh an issuer's key set because `kid` is unknown.

    Answer: True when the set held in state may be newer now, False when it is not (cool-down,
    failure). The step then looks again, once.
    """

    issuer: str
    kid: str


class Introspect(Struct, frozen=True):
    """Ask an issuer about an opaque token (RFC 7662).

    Answer: True when the view knows the answer now, False when the issuer could not be asked. The
    step then looks again, once. The token is in here, so the question is never logged.
    """

    issuer: str
    token: bytes


class MakeDurable(Struct, frozen=True):
    """Write this event and wait for the fsync. Answer: True, or False when it cannot be."""

    event: Event


class ReadRecord(Struct, frozen=True):
    """Read one record from the service, to decide on it. Answer: `RecordRead`, or a `Problem`.

    The request goes to the same upstream with the caller's own credential, unless `[authz] read_as`
    names another; without the client's conditions, ranges and codings. It is no client request: no
    step is run on it, and it is in no record of its own.

    Args:
        upstream: name of the upstream.
        target: origin-form target, canonical.
        limit: most bytes of the answer.
        own: with the caller's own credential whatever `read_as` says: what is read is about the
            caller (`principal.enrich`), and a service account's answer would be about itself.
    """

    upstream: str
    target: str
    limit: int
    own: bool = False


class RecordRead(Struct, frozen=True):
    """What the service answered to a `ReadRecord`: all of it, without a content coding.

    Args:
        status: its status.
        media_type: lower-case, without parameters; empty when there is none.
        etag: the strong entity tag with its quotes; empty when there is none, or a weak one.
        body: all of it.
    """

    status: int
    media_type: str
    etag: bytes
    body: bytes


class LockRecord(Struct, frozen=True):
    """Wait until nobody else on this host writes the record. Answer: True when it is held.

    The adapter releases it when the exchange is settled, whatever happened. With `wait` false the
    answer comes at once.
    """

    key: str
    wait: bool = True


Question = (
    ReadBody | FetchKeys | Introspect | MakeDurable | ReadRecord | LockRecord | ApprovalQuestion
)
