"""What `bench.guarded` measures: one API, decided by scopes alone, and with rules on top of them.

A booking of 12 fields and a list of 20, half of them another team's. The service answers the same
bytes to everybody, so the difference between two rows is what the gate does with them.
"""

from __future__ import annotations

import json
from pathlib import Path

from bench.contract import AUDIENCE, CALLERS, ISSUER, Keys, head

MANY = "/v1/bookings"
ONES = tuple(f"{MANY}/{number}" for number in range(CALLERS))  # each caller has one of them
CHANGE = json.dumps({"note": "ring twice", "price": 12}).encode()
DEPOT, NEW = "/v1/depots/d7", "/v1/teams/bench/bookings"

_TEXT = {"type": "string", "maxLength": 200}
_BOOKING = {
    "type": "object",
    "required": ["id", "team", "customer", "status", "price"],
    "properties": {
        "id": {"type": "integer"},
        "team": _TEXT,
        "customer": _TEXT,
        "status": {"enum": ["draft", "confirmed", "cancelled"]},
        "price": {"type": "integer"},
        "margin": {"type": "integer", "x-yett-class": "money"},
        "phone": {"type": "string", "x-yett-class": "pii"},
        "note": _TEXT,
        "day": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": _TEXT},
        "street": _TEXT,
        "city": _TEXT,
    },
}
_CHANGE = {
    "type": "object",
    "properties": {"note": _TEXT, "price": {"type": "integer", "minimum": 0}},
}
_DEPOT = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": _TEXT, "city": _TEXT, "bays": _TEXT},
}
_NEW = {
    "type": "object",
    "required": ["team", "customer", "status", "price"],
    "properties": {
        "team": _TEXT,
        "customer": _TEXT,
        "status": {"enum": ["draft"]},
        "price": {"type": "integer", "minimum": 0},
        "note": _TEXT,
        "street": _TEXT,
        "city": _TEXT,
    },
}
_ATTRIBUTES = {"team": "/team", "customer": "/customer", "status": "/status"}
_MACHINE = {
    "field": "status",
    "initial": ["draft"],
    "terminal": ["cancelled"],
    "operations": {
        "changeBooking": {"from": ["draft"]},
        "confirmBooking": {"from": ["draft"], "to": "confirmed"},
        "cancelBooking": {"from": ["draft", "confirmed"], "to": "cancelled"},
    },
}
POLICIES = """\
@id("team")
permit (principal is Service, action in Action::"tag:bookings", resource is Booking)
when { principal has client && resource.team == principal.client };

@id("own")
permit (principal is User, action in Action::"tag:bookings", resource is Booking)
when { resource.customer == principal.id };

@id("suspended")
forbid (principal, action in Action::"tag:bookings", resource is Booking)
when { resource.status == "cancelled" && principal.roles.contains("guest") };

@id("same-for-people")
permit (principal is User, action in Action::"tag:bookings", resource is Booking)
when { principal has client && resource.team == principal.client };

@id("depots")
permit (principal is User, action == Action::"getDepot", resource is Depot)
when { principal has client && principal.client == "bench" && resource == Depot::"d7" };
"""
FIELDS = """
@id("pii")
permit (principal, action in Action::"read:pii", resource is Booking)
when { principal has client && resource has team && resource.team == principal.client };
"""


def openapi(*, classes: bool) -> dict[str, object]:
    """Describe the API; without `classes` no field is labelled."""
    booking = json.loads(json.dumps(_BOOKING))
    if not classes:
        for schema in booking["properties"].values():
            schema.pop("x-yett-class", None)
    one = {"type": "Booking", "id": "path.id"}
    shown = {"$ref": "#/components/schemas/Booking"}
    items = {"type": "object", "properties": {"items": {"type": "array", "items": shown}}}
    items["properties"]["total"] = {"type": "integer"}  # type: ignore[index]
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
    listing = {"type": "Booking", "items": "/items", "totals": ["/total"]}
    change = {"required": True, "content": {"application/json": {"schema": _CHANGE}}}
    new = {"required": True, "content": {"application/json": {"schema": _NEW}}}
    depot, team = (
        [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]
        for name in ("id", "team")
    )
    about_depot = {"type": "Depot", "id": "path.id"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "bookings", "version": "1"},
        "servers": [{"url": "/v1"}],
        "paths": {
            "/bookings": {"get": _operation("listBookings", "read", items, listing)},
            "/bookings/{id}": {
                "parameters": parameters,
                "get": _operation("getBooking", "read", shown, one | {"attrs": _ATTRIBUTES}),
                "patch": _operation("changeBooking", "write", shown, one) | {"requestBody": change},
                "delete": _operation("cancelBooking", "write", shown, one),
            },
            "/teams/{team}/bookings": {
                "parameters": team,
                "post": _operation("createBooking", "write", shown, {"type": "Booking"})
                | {"requestBody": new},
            },
            "/depots/{id}": {
                "parameters": depot,
                "get": _operation("getDepot", "read", _DEPOT, about_depot) | {"tags": ["depots"]},
            },
            "/bookings/{id}/confirm": {
                "parameters": parameters,
                "post": _operation("confirmBooking", "write", shown, one),
            },
        },
        "components": {
            "schemas": {"Booking": booking | {"x-yett-machine": _MACHINE}},
            "securitySchemes": {"login": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    id_: str, scope: str, answer: object, resource: dict[str, object]
) -> dict[str, object]:
    return {
        "operationId": id_,
        "tags": ["bookings"],
        "security": [{"login": [f"bookings:{scope}"]}],
        "x-yett": {"resource": resource},
        "responses": {
            "200": {"description": "it", "content": {"application/json": {"schema": answer}}}
        },
    }


CONFIG = """\
[api.bookings]
openapi  = "openapi.json"
upstream = "http://127.0.0.1:{upstream}"

[gateway]
listen  = "127.0.0.1:{port}"
workers = 1

[[identity.issuer]]
url        = "{issuer}"
audience   = "{audience}"
algorithms = ["ES256"]
jwks       = "jwks.json"

[vocabulary.scopes]
"bookings:read"  = "see"
"bookings:write" = "change"
[vocabulary.classes]
pii   = "names a person"
money = "what we earn"

[limits]
default  = ["100000000/min per principal", "100000000/min per ip"]
failures = "100000/min per ip"

[rules]
{rules}

[store]
ledger = "ledger"
"""
OFF = 'records = "off"\nfields = "off"\nresponse_fields = "off"'
DECLARED = 'records = "off"\nfields = "off"'


def booking(id_: int, team: str) -> dict[str, object]:
    """What the service has, with one field that the contract does not declare."""
    return {
        "id": id_, "team": team, "customer": f"owner-{id_}", "status": "draft", "price": 120,
        "margin": 31, "phone": "+49 761 1234567", "note": "the bell is broken, ring twice",
        "day": "2026-12-24", "tags": ["fragile", "evening"], "street": "21 King's Road",
        "city": "Freiburg im Breisgau", "internal_score": 0.93,
    }  # fmt: skip


def new_booking(caller: int) -> bytes:
    """What one of the callers asks to be made."""
    return json.dumps(
        {
            "team": "bench", "customer": f"customer-{caller}", "status": "draft", "price": 120,
            "note": "the bell is broken, ring twice", "street": "21 King's Road",
            "city": "Freiburg im Breisgau",
        }
    ).encode()  # fmt: skip


def answers() -> dict[str, bytes]:
    """The service's bodies, by path."""
    items = [booking(id_, "bench" if id_ % 2 else "other") for id_ in range(20)]
    ones = {path: json.dumps(booking(id_, "bench")).encode() for id_, path in enumerate(ONES)}
    depot = {"id": "d7", "name": "Freiburg north", "city": "Freiburg im Breisgau", "bays": "1 to 9"}
    ones |= {DEPOT: json.dumps(depot).encode(), NEW: ones[ONES[17]]}
    return ones | {MANY: json.dumps({"items": items, "total": len(items)}).encode()}


def write_guarded(folder: Path, keys: Keys, upstream: int, port: int, rules: str) -> None:
    """Write the contract; `rules` is one of `ROWS`."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = rules == "fields"
    (folder / "openapi.json").write_text(json.dumps(openapi(classes=fields)))
    (folder / "jwks.json").write_text(json.dumps(keys.jwks))
    modes = {"scopes": OFF, "declared": DECLARED}.get(rules, "")
    text = CONFIG.format(
        upstream=upstream, port=port, issuer=ISSUER, audience=AUDIENCE, rules=modes
    )
    (folder / "yett.toml").write_text(text)
    if rules in {"records", "fields"}:
        (folder / "policies").mkdir(exist_ok=True)
        text = POLICIES + (FIELDS if fields else "")
        (folder / "policies" / "bookings.cedar").write_text(text)


ROWS = {
    "scopes": "scopes alone: no rule on records or fields, answers go by unread",
    "declared": "scopes; what the schema does not declare is left out of answers",
    "records": "the same, and Cedar on records: 5 policies and 3 from the machine; a depot is"
    " decided by its id before anything is sent on, one booking on the answer, the list item by"
    " item, a new booking on the body, a change on the booking read before it",
    "fields": "the same, and two field classes, of which one is hidden from this caller",
}


def guarded_requests(keys: Keys) -> dict[str, list[str]]:
    """The requests of each scenario, one for each caller."""
    made: dict[str, list[str]] = {name: [] for name in ("BIND", "GET", "LIST", "POST", "PATCH")}
    for number, (one, token) in enumerate(zip(ONES, keys.tokens, strict=True)):
        made["BIND"].append(head("GET", DEPOT, token, b"").decode())
        made["POST"].append(head("POST", NEW, token, new_booking(number)).decode())
        made["GET"].append(head("GET", one, token, b"").decode())
        made["LIST"].append(head("GET", MANY, token, b"").decode())
        made["PATCH"].append(head("PATCH", one, token, CHANGE).decode())
    return made
