"""Attacks on sign-ins and tokens of yett's own issuer: stolen, copied, kept, or of who has left."""

from __future__ import annotations

from yett.cli.demo.attack import Act, Attack, write
from yett.cli.demo.browser import FORM
from yett.cli.demo.traffic import Ask
from yett.cli.demo.visits import APPROVAL, JSON, body

# An address of its own: the failures of one act do not slow the next one down.
THIEF = "127.0.0.69"
STRANGE_ORIGIN = "https://evil.example"
REPORT = "/reports/revenue?month=2026-11"
REFUND = body(invoice_id=3, reason="changed my mind")


def steal(target: str, who: str, *fields: tuple[str, str]) -> Ask:
    """Build a request with what was stolen."""
    return Ask(target=target, who=who, headers=fields, source=THIEF)


TOKENS = Act(
    "what was stolen from those who signed in",
    (
        Attack(
            says="a service's token without its key",
            ask=steal(REPORT, "token thief"),
            code="credential-invalid",
            harm=b"revenue_cents",
            loss="the revenue, for as long as the token lives",
            threat="API2",
        ),
        Attack(
            says="the same, with a proof by another key",
            ask=steal(REPORT, "revenue report", ("dpop", "{other-proof}")),
            code="credential-invalid",
            harm=b"revenue_cents",
            loss="the revenue",
            threat="API2",
        ),
        Attack(
            says="the service's whole call, overheard and sent again",
            ask=steal(REPORT, "revenue report", ("dpop", "{proof}")),
            code="proof-invalid",
            harm=b"revenue_cents",
            loss="the revenue, once more",
            threat="API2",
        ),
        Attack(
            says="a strange page uses the session of who is signed in",
            ask=Ask(
                method="POST",
                target="/bookings",
                who="ada's browser",
                headers=(*JSON, ("origin", STRANGE_ORIGIN), ("sec-fetch-site", "cross-site")),
                body=body(title="Bought by evil", starts_on="2027-01-09", seats=12),
                source=THIEF,
            ),
            code="cross-site-request",
            harm=b"Bought by evil",
            loss="bookings in the customer's name",
            threat="API2",
        ),
        Attack(
            says="a refresh token that was copied before it was used",
            ask=write(
                "POST",
                "/auth/token",
                b"grant_type=refresh_token&refresh_token={refresh}",
                who="portal web",
                media=FORM,
            ),
            code="invalid_grant",
            threat="API2",
            twin=False,
        ),
        Attack(
            says="and the family that it came from, which ended with it",
            ask=steal("/me", "ada's phone"),
            code="credential-revoked",
            harm=b"ada@example.com",
            loss="two holders of one sign-in, for a month",
            threat="API2",
            soon=True,
        ),
        Attack(
            says="an account disabled a moment ago still calls",
            ask=steal("/me", "carol"),
            code="credential-revoked",
            harm=b"carol@example.com",
            loss="whoever left stays in until the token expires",
            threat="API2",
            first=("user", "disable", "carol@example.com", "--reason", "left the company"),
            soon=True,
        ),
    ),
)

MONEY = Act(
    "money, with one click",
    (
        Attack(
            says="a refund by a script that has the customer's token",
            ask=write("POST", "/refunds", REFUND),
            code="step-up-needed",
            harm=b"refund",
            loss="money, whenever a script likes",
            threat="API6",
            arrives=1,
        ),
        Attack(
            says="a refund that the customer confirmed, and nobody else has seen",
            ask=write("POST", "/refunds", REFUND, who="ada, confirmed"),
            code="approval-needed",
            harm=b"refund",
            loss="money, with one click",
            threat="API6",
            arrives=2,
            confirms=True,
        ),
        Attack(
            says="its approval by whoever has the approver's token, but no passkey",
            ask=write("POST", APPROVAL, body(decision="approve", digest="{digest}"), who="dora"),
            code="approval-invalid",
            threat="API6",
            twin=False,
        ),
        Attack(
            says="the token for that one refund, used again",
            ask=write("POST", "/refunds", REFUND, who="ada, confirmed"),
            code="step-up-needed",
            harm=b"refund",
            loss="the same money again",
            threat="API6",
            arrives=1,
        ),
    ),
)
