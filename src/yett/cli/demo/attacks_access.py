"""Attacks on who may call what: undeclared routes, forged and borrowed credentials."""

from __future__ import annotations

from yett.cli.demo.attack import Act, Attack, get, write

UNDECLARED = Act(
    "what nobody declared",
    (
        Attack(
            says="a version switched off years ago",
            ask=get("/v1/users", who=""),
            code="undeclared-path",
            harm=b"password_hash",
            loss="every customer, password hashes and all",
            threat="API9",
        ),
        Attack(
            says="the framework's own API description",
            ask=get("/openapi.json", who=""),
            code="undeclared-path",
            harm=b"/invoices/{invoice_id}",
            loss="a map of every route",
            threat="API9",
        ),
        Attack(
            says="a method that no document mentions",
            ask=write("DELETE", "/invoices/3", b""),
            code="undeclared-method",
            loss="the invoice",
            threat="API5",
        ),
        Attack(
            says="out of the documents folder",
            ask=get("/documents/..%2fsettings.env/content"),
            code="ambiguous-target",
            harm=b"PAYMENT_PROVIDER_KEY",
            loss="the payment provider's key",
        ),
        Attack(
            says="a parameter that only the code knows",
            ask=get("/bookings?as_customer=2"),
            code="parameter-unknown",
            harm=b"Private island",
            loss="everybody's bookings",
            threat="API1",
        ),
    ),
)

IDENTITY = Act(
    "who says so",
    (
        Attack(
            says="no token at all",
            ask=get("/invoices", who=""),
            code="credential-missing",
            threat="API2",
        ),
        Attack(
            says="a token signed by somebody else",
            ask=get("/admin/users", who="forger"),
            code="credential-invalid",
            harm=b"password_hash",
            loss="the admin area",
            threat="API2",
        ),
        Attack(
            says="a token with `alg: none`",
            ask=get("/admin/users", who="nobody's algorithm"),
            code="credential-invalid",
            harm=b"password_hash",
            loss="the admin area",
            threat="API2",
        ),
        Attack(
            says="the public key used as a password",
            ask=get("/admin/users", who="confused algorithm"),
            code="credential-invalid",
            harm=b"password_hash",
            loss="the admin area",
            threat="API2",
        ),
        Attack(
            says="a token from yesterday",
            ask=get("/me", who="yesterday's ada"),
            code="credential-expired",
            harm=b"ada@example.com",
            loss="a stolen token works for ever",
            threat="API2",
        ),
        Attack(
            says="a token meant for the newsletter",
            ask=get("/me", who="another service's ada"),
            code="credential-invalid",
            harm=b"ada@example.com",
            loss="one leak opens every service",
            threat="API2",
        ),
        Attack(
            says="a guessed API key",
            ask=get("/reports/revenue?month=2026-11", who="key guesser"),
            code="credential-invalid",
            harm=b"revenue_cents",
            loss="the revenue",
            threat="API2",
        ),
        Attack(
            says="a customer in the admin area",
            ask=get("/admin/users"),
            code="scope-missing",
            harm=b"password_hash",
            loss="every user",
            threat="API5",
        ),
        Attack(
            says="a customer deletes another",
            ask=write("DELETE", "/admin/users/2", b""),
            code="scope-missing",
            loss="Ben's account",
            threat="API5",
        ),
    ),
)
