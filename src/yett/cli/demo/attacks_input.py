"""Attacks in what is sent: fields, types, encodings, sizes, and code that hides in text."""

from __future__ import annotations

from yett.cli.demo.attack import Act, Attack, get, write
from yett.cli.demo.visits import FORM, body

DEEP = 100_000
HUGE_BYTES = 4 << 20
SQL = "zz%25%27%29%20UNION%20SELECT%20email,%20password_hash%20FROM%20customers%20--"
UPLOAD_AWAY = (
    b'--%b\r\ncontent-disposition: form-data; name="title"\r\n\r\nx\r\n'
    b'--%b\r\ncontent-disposition: form-data; name="file"; filename="../settings.env"\r\n'
    b"content-type: text/plain\r\n\r\nDATABASE=elsewhere\n\r\n--%b--\r\n" % (FORM, FORM, FORM)
)


def booking(**fields: object) -> bytes:
    """Write a booking, with something changed."""
    return body(**{"title": "Opera", "starts_on": "2027-01-09", "seats": 1, **fields})


SHAPE = Act(
    "what does not fit the contract",
    (
        Attack(
            says="promote yourself",
            ask=write("PATCH", "/me", body(name="Ada", role="admin")),
            code="body-invalid",
            harm=b'"role":"admin"',
            loss="an admin account",
            threat="API3",
        ),
        Attack(
            says="name your own price",
            ask=write("POST", "/bookings", booking(price_cents=-5000, status="confirmed")),
            code="body-invalid",
            harm=b"-5000",
            loss="50.00, and a seat",
            threat="API3",
        ),
        Attack(
            says="`seats: true`",
            ask=write("POST", "/bookings", booking(seats=True)),
            code="body-invalid",
            harm=b'"seats":1',
            loss="a row of the wrong type",
        ),
        Attack(
            says="the same key twice",
            ask=write("POST", "/bookings", booking()[:-1] + b', "seats": 9999}'),
            code="body-malformed",
            harm=b"9999",
            loss="9999 seats: the last one wins here, elsewhere the first",
        ),
        Attack(
            says="the same parameter twice",
            ask=get("/bookings?limit=1&limit=99999999"),
            code="parameter-invalid",
            harm=b"99999999",
            loss="no limit: one reads the first, one the last",
            threat="API4",
        ),
        Attack(
            says="a number only Python would read",
            ask=get("/bookings?limit=1_0"),
            code="parameter-invalid",
            harm=b'"limit":10',
            loss="one more dialect behind the gate",
        ),
        Attack(
            says="JSON that says it is text",
            ask=write("POST", "/bookings", booking(), media="text/plain"),
            code="media-type-undeclared",
            harm=b"Opera",
            loss="a check that looks at JSON only",
        ),
        Attack(
            says="100,000 brackets deep",
            ask=write("POST", "/bookings", b'{"note":' + b"[" * DEEP + b"]" * DEEP + b"}"),
            code="body-too-deep",
            harm=b"RecursionError",
            loss="a crash, with its stack trace",
            threat="API4",
        ),
        Attack(
            says="4 MiB for a note",
            ask=write("POST", "/bookings", booking(note="a" * HUGE_BYTES)),
            code="body-too-large",
            harm=b"aaaaaaaaaaaaaaaa",
            loss="4 MiB of disk a request",
            threat="API4",
        ),
        Attack(
            says="an upload that names its own folder",
            ask=write(
                "POST",
                "/documents",
                UPLOAD_AWAY,
                media=f"multipart/form-data; boundary={FORM.decode()}",
            ),
            code="body-malformed",
            harm=b"settings.env",
            loss="the portal's settings, overwritten",
        ),
    ),
)

TEXT = Act(
    "what hides in text",
    (
        Attack(
            says="SQL in a search",
            ask=get(f"/search?q={SQL}"),
            code="injection-suspected",
            harm=b"$2b$12$",
            loss="every password hash",
        ),
        Attack(
            says="a script in a note",
            ask=write("POST", "/bookings", booking(note="<img src=x onerror=alert(1)>")),
            code="injection-suspected",
            harm=b"onerror",
            loss="the session of whoever reads it",
        ),
        Attack(
            says="a query operator instead of a value",
            ask=write("PUT", "/me/preferences", body(theme={"$where": "sleep(9999)"})),
            code="injection-suspected",
            harm=b"$where",
            loss="code in the next document store",
        ),
        Attack(
            says="prototype pollution",
            ask=write("PUT", "/me/preferences", b'{"__proto__": {"isAdmin": true}}'),
            code="injection-suspected",
            harm=b"__proto__",
            loss="`isAdmin` on every object in the browser",
        ),
        Attack(
            says="a template in a note",
            ask=write("POST", "/bookings", booking(note="{{7*7}}${7*7}<%= 7*7 %>")),
            code="injection-suspected",
            harm=b"{{7*7}}",
            loss="code in the next e-mail",
        ),
        Attack(
            says="a line break into a header",
            ask=get("/search?q=a%0d%0aset-cookie:%20admin=1"),
            code="injection-suspected",
            loss="a second line in the log",
        ),
    ),
)
