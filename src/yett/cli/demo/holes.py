"""What is still open: requests that no rule of this version stops.

Each row is sent and reported as it is; a row that is stopped one day says so by itself.
"""

from __future__ import annotations

from msgspec import Struct

from yett.cli.demo.traffic import Ask
from yett.cli.demo.visits import post


class Hole(Struct, frozen=True, kw_only=True):
    """A request that should be stopped and is not yet.

    Args:
        says: what happens.
        ask: the request.
        harm: a text in the answer that proves it.
        closes: which rule will close it.
        threat: OWASP API Security Top 10, 2023.
    """

    says: str
    ask: Ask
    harm: bytes
    closes: str
    threat: str


HOLES = (
    Hole(
        says="anybody says that an invoice was paid",
        ask=post("/webhooks/billing", "", id="evt_00000000", type="invoice.paid", invoice_id=2),
        harm=b"evt_00000000",
        closes="webhook signatures",
        threat="API10",
    ),
)
