"""What honest people do at the portal: each of these must pass, and arrive unharmed.

A literal table. Among them are the visitors that careless gates turn away: prose with an
apostrophe and SQL words in it, a Java client that offers HTTP/2, a browser's preflight.
"""

from __future__ import annotations

import json

from msgspec import Struct
from msgspec.structs import replace

from yett.cli.demo.traffic import Ask

JSON = (("content-type", "application/json"),)
PORTAL_ORIGIN = "https://portal.example.com"
FORM = b"demo-form-boundary"
PROSE = "O'Brien & sons; please select a table -- or two, drop us at the union hotel <3"


class Visit(Struct, frozen=True, kw_only=True):
    """An honest request.

    Args:
        says: what the visitor wants.
        ask: the request.
        status: the answer they should get.
        sees: a text that must be in it.
        arrives: how often the portal itself is asked: once more where a rule reads before a write,
            and once more where it must say which customer a new credential is.
        streams: whether the answer must come in pieces, as they are made.
        confirms: Ada confirms with her passkey what the last challenge named, before it is sent.
    """

    says: str
    ask: Ask
    status: int = 200
    sees: bytes = b""
    arrives: int = 1
    streams: bool = False
    confirms: bool = False


def body(**fields: object) -> bytes:
    """Write a JSON body."""
    return json.dumps(fields).encode()


def post(target: str, who: str, method: str = "POST", **fields: object) -> Ask:
    """Build a request with a JSON body."""
    return Ask(method=method, target=target, who=who, headers=JSON, body=body(**fields))


UPLOAD = (
    b'--%b\r\ncontent-disposition: form-data; name="title"\r\n\r\nPassport\r\n'
    b'--%b\r\ncontent-disposition: form-data; name="file"; filename="passport.txt"\r\n'
    b"content-type: text/plain\r\n\r\nADA BYRON\n\r\n--%b--\r\n" % (FORM, FORM, FORM)
)
H2C_BODY = body(title="Lake steamer", starts_on="2027-05-01", seats=1)
H2C = (
    b"POST /bookings HTTP/1.1\r\nhost: portal.example.com\r\n{credential}"
    b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAA\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(H2C_BODY)
) + H2C_BODY
REFUND = post("/refunds", "ada", invoice_id=1, reason="the night train was cancelled")
# What is in braces is filled in from the last answer that named it.
APPROVAL = "/.well-known/yett/approvals/{approval}"
VOTE = b'{"decision": "approve", "digest": "{digest}", "assertion": {vote}}'
PREFLIGHT = (
    ("origin", PORTAL_ORIGIN),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "authorization, content-type"),
)

VISITS = (
    Visit(says="the load balancer asks", ask=Ask(target="/health"), sees=b'"ok"'),
    Visit(says="who am I", ask=Ask(target="/me", who="ada"), sees=b"ada@example.com"),
    Visit(
        says="my bookings",
        ask=Ask(target="/bookings?limit=10", who="ada"),
        sees=b"Harbour tour",
        arrives=2,
    ),
    Visit(
        says="a booking, with a note that has SQL words in it",
        ask=post("/bookings", "ada", title="Opera", starts_on="2027-01-09", seats=2, note=PROSE),
        status=201,
        sees=b"union hotel",
        arrives=2,
    ),
    Visit(
        says="one seat more",
        ask=post("/bookings/1", "ada", "PATCH", seats=3),
        sees=b'"seats":3',
        arrives=2,
    ),
    Visit(
        says="confirm it",
        ask=Ask(method="POST", target="/bookings/1/confirm", who="ada"),
        sees=b"confirmed",
        arrives=2,
    ),
    Visit(
        says="cancel the other one",
        ask=Ask(method="POST", target="/bookings/2/cancel", who="ada"),
        sees=b"cancelled",
        arrives=2,
    ),
    Visit(
        says="a client in Java that offers HTTP/2",
        ask=Ask(method="POST", target="/bookings", who="ada", raw=(H2C,)),
        status=201,
        sees=b"Lake steamer",
    ),
    Visit(says="search", ask=Ask(target="/search?q=harbour", who="ada"), sees=b"Harbour"),
    Visit(says="my invoices", ask=Ask(target="/invoices", who="ada"), sees=b'"amount_cents":14900'),
    Visit(
        says="pay one",
        ask=post("/invoices/1/pay", "ada", reference="card 4242"),
        sees=b'"invoice_id":1',
        arrives=2,
    ),
    Visit(
        says="a refund, please: confirm exactly this one",
        ask=REFUND,
        status=401,
        sees=b"insufficient_user_authentication",
    ),
    Visit(
        says="done, with her passkey: now somebody else must look at it",
        ask=replace(REFUND, who="ada, confirmed"),
        status=403,
        sees=b"approval-needed",
        arrives=2,
        confirms=True,
    ),
    Visit(
        says="looks at exactly this request, and signs with her passkey that she approves it",
        ask=Ask(method="POST", target=APPROVAL, who="dora", headers=JSON, body=VOTE),
        sees=b"approved",
        arrives=0,
    ),
    Visit(
        says="the same refund, approved, confirmed once more",
        ask=replace(REFUND, who="ada, confirmed", headers=(*JSON, ("yett-approval", "{approval}"))),
        status=201,
        sees=b"refund",
        arrives=3,
        confirms=True,
    ),
    Visit(says="my payments", ask=Ask(target="/payments", who="ada"), sees=b"14900"),
    Visit(
        says="upload a document",
        ask=Ask(
            method="POST",
            target="/documents",
            who="ada",
            headers=(("content-type", f"multipart/form-data; boundary={FORM.decode()}"),),
            body=UPLOAD,
        ),
        status=201,
        sees=b"passport.txt",
    ),
    Visit(
        says="download it",
        ask=Ask(target="/documents/passport.txt/content", who="ada"),
        sees=b"ADA BYRON",
    ),
    Visit(
        says="watch events, as they happen",
        ask=Ask(target="/events?count=3", who="ada"),
        sees=b"id: 2",
        streams=True,
    ),
    Visit(
        says="the portal's own page asks first",
        ask=Ask(method="OPTIONS", target="/bookings", headers=PREFLIGHT),
        status=204,
        arrives=0,
    ),
    Visit(
        says="the browser at the counter keeps a preference",
        ask=Ask(
            method="PUT",
            target="/me/preferences",
            who="kiosk",
            headers=(*JSON, ("sec-fetch-site", "same-origin")),
            body=body(theme="dark"),
        ),
        sees=b"dark",
    ),
    Visit(
        says="a booking on the portal's own page",
        ask=Ask(
            method="POST",
            target="/bookings",
            who="ada's browser",
            headers=(*JSON, ("origin", PORTAL_ORIGIN), ("sec-fetch-site", "same-origin")),
            body=body(title="Garden walk", starts_on="2027-05-02", seats=1),
        ),
        status=201,
        sees=b"Garden walk",
        arrives=2,
    ),
    Visit(says="who am I", ask=Ask(target="/me", who="carol"), sees=b"carol@example.com"),
    Visit(says="every user", ask=Ask(target="/admin/users", who="dora"), sees=b"carol@"),
    Visit(
        says="make Carol an admin",
        ask=post("/admin/users/3", "dora", "PATCH", role="admin"),
        sees=b'"role":"admin"',
        arrives=2,
    ),
    Visit(
        says="this month's revenue",
        ask=Ask(target="/reports/revenue?month=2026-11", who="accounting"),
        sees=b"revenue_cents",
    ),
    Visit(
        says="the same, by a service that proves its key",
        ask=Ask(
            target="/reports/revenue?month=2026-11",
            who="revenue report",
            headers=(("dpop", "{proof}"),),
        ),
        sees=b"revenue_cents",
    ),
    Visit(
        says="the billing service reports",
        ask=post("/webhooks/billing", "", id="evt_4f7a0c21", type="invoice.paid", invoice_id=3),
        status=202,
    ),
)
