"""Attacks on the channel: framing, browsers, what answers give away, and sheer number."""

from __future__ import annotations

from yett.cli.demo.attack import ATTACKER, Act, Attack, get, raw
from yett.cli.demo.traffic import Ask
from yett.cli.demo.visits import JSON, body

CROWD = "127.0.0.67"
GUESSER = "127.0.0.68"
STRANGE_ORIGIN = "https://evil.example"
PAGE = b"host: portal.example.com\r\n{credential}"
HIDDEN = b"GET /v1/users HTTP/1.1\r\nhost: portal.example.com\r\n\r\n"

FRAMING = Act(
    "two readings of one connection",
    (
        Attack(
            says="two lengths (CL.TE)",
            ask=raw(
                b"POST /bookings HTTP/1.1\r\n"
                + PAGE
                + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                + HIDDEN
            ),
            code="malformed-request",
        ),
        Attack(
            says="a request hidden behind `Upgrade: h2c`",
            ask=raw(
                b"POST /bookings/2/confirm HTTP/1.1\r\n"
                + PAGE
                + b"connection: Upgrade\r\nupgrade: h2c\r\n"
                + b"content-length: %d\r\n\r\n" % len(HIDDEN),
                0.3,
                HIDDEN,
            ),
            code="body-not-declared",
            harm=b"password_hash",
            loss="a second request that nobody checked",
        ),
        Attack(
            says="a name with a line break in it",
            ask=raw(b"GET /bookings HTTP/1.1\r\n" + PAGE + b"x-a: 1\nx-admin: yes\r\n\r\n"),
            code="malformed-request",
        ),
        Attack(
            says="two hosts",
            ask=raw(b"GET /bookings HTTP/1.1\r\nhost: intranet\r\n" + PAGE + b"\r\n"),
            code="malformed-request",
            harm=b"Harbour",
            loss="the cache and the portal disagree",
        ),
        Attack(
            says="a head of 100 KB",
            ask=raw(b"GET /health HTTP/1.1\r\n" + PAGE + b"x-a: " + b"a" * 100_000 + b"\r\n\r\n"),
            code="head-too-large",
            loss="memory",
            threat="API4",
        ),
        Attack(
            says="a head that never ends",
            ask=raw(b"GET /health HTTP/1.1\r\nhost: portal", 3.0, who=""),
            code="request-timeout",
            loss="a connection, for as long as the attacker likes",
            threat="API4",
            slow=True,
        ),
    ),
)

BROWSER = Act(
    "in a browser",
    (
        Attack(
            says="a strange page asks whether it may",
            ask=Ask(
                method="OPTIONS",
                target="/bookings",
                headers=(
                    ("origin", STRANGE_ORIGIN),
                    ("access-control-request-method", "POST"),
                ),
                source=ATTACKER,
            ),
            code="origin-not-allowed",
            harm=b"access-control-allow-origin: https://evil.example",
            loss="every page may call",
        ),
        Attack(
            says="a strange page reads the answer",
            ask=get("/bookings", origin=STRANGE_ORIGIN),
            keeps=(b"access-control-allow-origin",),
            harm=b"access-control-allow-origin: https://evil.example",
            loss="what the customer sees, the page sees",
            arrives=1,
        ),
        Attack(
            says="a strange page uses the customer's cookie",
            ask=Ask(
                method="PUT",
                target="/me/preferences",
                who="kiosk",
                headers=(*JSON, ("origin", STRANGE_ORIGIN), ("sec-fetch-site", "cross-site")),
                body=body(theme="evil"),
                source=ATTACKER,
            ),
            code="cross-site-request",
            harm=b"evil",
            loss="whatever the customer may do",
        ),
    ),
)

ANSWERS = Act(
    "what the answers give away",
    (
        Attack(
            says="make it crash, and read",
            ask=get("/invoices/2/receipt", who="ben"),
            code="upstream-failed",
            keeps=(b"Traceback", b"/site-packages/"),
            harm=b"Traceback",
            loss="paths, versions and SQL",
            arrives=3,
        ),
        Attack(
            says="ask what it is made of",
            ask=get("/health", who=""),
            keeps=(b"x-powered-by", b"uvicorn"),
            harm=b"x-powered-by: FastAPI portal",
            loss="what to attack next",
            arrives=1,
        ),
    ),
)

NUMBERS = Act(
    "again and again",
    (
        Attack(
            says="scrape the search",
            ask=Ask(target="/search?q=a", who="ben", source=CROWD),
            code="quota-exceeded",
            harm=b"items",
            loss="the whole database, five words at a time",
            threat="API6",
            times=8,
            arrives=5,
        ),
        Attack(
            says="guess tokens, from made-up addresses",
            ask=Ask(
                target="/me",
                who="forger",
                headers=(("x-forwarded-for", "10.9.8.7"),),
                source=GUESSER,
            ),
            code="abnormal-usage-detected",
            harm=b"dora@example.com",
            loss="as many tries as they like",
            threat="API2",
            times=40,
        ),
    ),
)
