"""What this gate came to know about principals while it ran: the three stores step 11 looks into.

Composed here so that a reload says in one place what goes on: what was shown to whom always does,
attributes only while they mean the same, samples never, because they belong to the old rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from yett.state.enriched import Enriched
from yett.state.samples import Samples
from yett.state.seen import Seen

if TYPE_CHECKING:
    from typing import Self

    from yett.contract.config import Config


class Knowledge(Struct, frozen=True):
    """The stores; `seen` is shared by all workers of a host, the others are a worker's own."""

    enriched: Enriched
    seen: Seen
    samples: Samples

    @classmethod
    def from_config(cls, config: Config, previous: Self | None = None) -> Self:
        """Make the stores, or those that follow on `previous` after a reload."""
        samples = Samples(config.authz.sample)
        if previous is None:
            return cls(Enriched(config.principal), Seen(config.authz.seen_ttl), samples)
        enriched = previous.enriched
        if enriched.mapping != config.principal:
            enriched = Enriched(config.principal)
        return cls(enriched, previous.seen.lasting(config.authz.seen_ttl), samples)
