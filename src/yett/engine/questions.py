"""Questions the engine asks when the answer lies outside: values, answered by the adapter.

`decide` yields one and is resumed with the answer (`generator.send`). On the common path of a GET
none is asked. Sources: design/architecture.md, "Pure core: questions as values".
"""

from __future__ import annotations

from msgspec import Struct

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


class MakeDurable(Struct, frozen=True):
    """Write this event and wait for the fsync. Answer: True, or False when it cannot be."""

    event: Event


Question = ReadBody | FetchKeys | MakeDurable
