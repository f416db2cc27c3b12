"""What is still open: holes that only a rule about *records* can close.

The contract says who may call an operation, not whose booking may be asked for. Each row is sent
and reported as it is; a row that is stopped one day says so by itself.
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
        says="Ada reads Ben's booking",
        ask=Ask(target="/bookings/3", who="ada"),
        harm=b"Mrs Okri",
        closes="record rules (Cedar)",
        threat="API1",
    ),
    Hole(
        says="Ada changes Ben's booking",
        ask=post("/bookings/4", "ada", "PATCH", seats=1),
        harm=b"City walk",
        closes="record rules (Cedar)",
        threat="API1",
    ),
    Hole(
        says="Ada reads Ben's invoice",
        ask=Ask(target="/invoices/2", who="ada"),
        harm=b"990000",
        closes="record rules (Cedar)",
        threat="API1",
    ),
    Hole(
        says="Ada's profile carries her password hash",
        ask=Ask(target="/me", who="ada"),
        harm=b"password_hash",
        closes="response field rules",
        threat="API3",
    ),
    Hole(
        says="a cancelled booking is confirmed again",
        ask=Ask(method="POST", target="/bookings/2/confirm", who="ada"),
        harm=b"confirmed",
        closes="workflow rules",
        threat="API6",
    ),
    Hole(
        says="anybody says that an invoice was paid",
        ask=post("/webhooks/billing", "", id="evt_00000000", type="invoice.paid", invoice_id=2),
        harm=b"evt_00000000",
        closes="webhook signatures",
        threat="API10",
    ),
)
