"""Attacks on records: what the caller may do, done to somebody else's, or at the wrong time.

Every token here is good, every request fits the contract: only a rule that looks at the record can
tell (OWASP API1, API3, API6).
"""

from __future__ import annotations

from yett.cli.demo.attack import Act, Attack, get, write
from yett.cli.demo.visits import body

RECORDS = Act(
    "whose is it",
    (
        Attack(
            says="read Ben's booking",
            ask=get("/bookings/3"),
            code="no-such-record",
            harm=b"Mrs Okri",
            loss="the surprise for Mrs Okri",
            threat="API1",
            arrives=1,
        ),
        Attack(
            says="change Ben's booking",
            ask=write("PATCH", "/bookings/4", body(seats=1)),
            code="no-such-record",
            harm=b"City walk",
            loss="Ben's seat",
            threat="API1",
            arrives=1,
        ),
        Attack(
            says="cancel Ben's booking",
            ask=write("POST", "/bookings/3/cancel", b""),
            code="no-such-record",
            harm=b"cancelled",
            loss="Ben's island",
            threat="API1",
            arrives=1,
        ),
        Attack(
            says="read Ben's invoice",
            ask=get("/invoices/2"),
            code="no-such-record",
            harm=b"990000",
            loss="what Ben spends",
            threat="API1",
            arrives=1,
        ),
        Attack(
            says="name Ben's invoice in the body",
            ask=write("POST", "/refunds", body(invoice_id=2, reason="my mistake")),
            code="reference-unknown",
            harm=b"-990000",
            loss="9,900 in money",
            threat="API1",
            arrives=1,
        ),
        Attack(
            says="download Ada's document by its name",
            ask=get("/documents/ticket.txt/content", who="ben"),
            code="no-such-record",
            harm=b"Harbour tour",
            loss="every document with a guessable name",
            threat="API1",
        ),
        Attack(
            says="delete Ben's booking",
            ask=write("DELETE", "/bookings/4", b""),
            code="no-such-record",
            loss="Ben's booking",
            threat="API1",
            arrives=1,
        ),
    ),
)

MOMENTS = Act(
    "what, and when",
    (
        Attack(
            says="read more of one's own profile than it shows",
            ask=get("/me"),
            keeps=(b"password_hash", b"internal_notes"),
            harm=b"password_hash",
            loss="the password hash, and what the staff think",
            threat="API3",
            arrives=1,
        ),
        Attack(
            says="confirm what was cancelled",
            ask=write("POST", "/bookings/2/confirm", b""),
            code="wrong-state",
            harm=b"confirmed",
            loss="a seat that was given away",
            threat="API6",
            arrives=1,
        ),
        Attack(
            says="pay an invoice twice",
            ask=write("POST", "/invoices/3/pay", body(reference="card 4242")),
            code="wrong-state",
            harm=b'"invoice_id":3',
            loss="books that do not add up",
            threat="API6",
            arrives=1,
        ),
    ),
)
