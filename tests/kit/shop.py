"""A small contract about bookings, with policies: what tests of authorization begin with."""

from __future__ import annotations

import json

from yett.contract.load import load
from yett.policy.compile import compile_policy

BOOKING = {
    "type": "object",
    "required": ["id", "customer_id", "status", "price"],
    "properties": {
        "id": {"type": "integer"},
        "customer_id": {"type": "integer", "x-yett-ref": "User"},
        "status": {"enum": ["draft", "confirmed", "cancelled"]},
        "price": {"type": "integer"},
        "note": {"type": "string"},
        "phone": {"type": "string", "x-yett-class": "pii"},
    },
}
CHANGE = {
    "type": "object",
    "properties": {
        "note": {"type": "string"},
        "phone": {"type": "string", "x-yett-class": "pii"},
        "status": {"enum": ["draft", "confirmed", "cancelled"]},
    },
}
ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
ATTRS = {"customer": "/customer_id", "status": "/status", "price": "/price"}
ONE = {"type": "Booking", "id": "path.id"}
SECURITY = [{"token": []}]
TOML = """
[api.shop]
openapi = "openapi.json"
upstream = "http://127.0.0.1:{port}"

[[identity.issuer]]
url = "https://issuer.test"
audience = "https://api.test"
algorithms = ["ES256"]
jwks = "jwks.json"

[vocabulary.roles]
customer = []
staff = []
"""
OWN = """
@id("own")
permit(principal is User, action in Action::"tag:bookings", resource is Booking) when {
  resource.customer == principal
};
@id("staff")
permit(principal in Role::"staff", action in Action::"tag:bookings", resource);
@id("pii")
permit(principal is User, action in [Action::"read:pii", Action::"write:pii"], resource) when {
  resource.customer == principal
};
@id("create")
permit(principal is User, action == Action::"createBooking", resource);
"""


def answer(schema, status="200"):
    return {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def operation(id_, responses=None, body=None, security=None, tags=("bookings",), **settings):
    """An operation; what is left over is its `x-yett`."""
    made = {"operationId": id_, "tags": list(tags), "responses": responses or answer(BOOKING)}
    made["security"] = SECURITY if security is None else security
    if body is not None:
        content = {"application/json": {"schema": body}}
        made["requestBody"] = {"required": True, "content": content}
    if settings:
        made["x-yett"] = settings
    return made


def document():
    """The document of the shop, new each time so that a test may change it."""
    item = {"type": "object", "properties": {"items": {"type": "array", "items": BOOKING}}}
    item["properties"]["total"] = {"type": "integer"}
    listing = {"type": "Booking", "items": "/items", "totals": ["/total"]}
    paths = {
        "/bookings": {
            "get": operation("listBookings", answer(item), resource=listing),
            "post": operation(
                "createBooking",
                answer(BOOKING, "201"),
                CHANGE,
                tags=(),
                resource={"type": "Booking"},
            ),
        },
        "/bookings/{id}": {
            "parameters": ID,
            "get": operation("getBooking", resource={**ONE, "attrs": ATTRS}),
            "patch": operation("changeBooking", body=CHANGE, resource=ONE),
            "delete": operation("deleteBooking", {"204": {"description": "gone"}}, resource=ONE),
        },
        "/bookings/{id}/confirm": {
            "parameters": ID,
            "post": operation("confirmBooking", resource=ONE),
        },
        "/health": {"get": operation("getHealth", answer({"type": "object"}), tags=())},
    }
    machine = {
        "field": "status",
        "initial": ["draft"],
        "terminal": ["cancelled"],
        "operations": {
            "confirmBooking": {"from": ["draft"], "to": "confirmed"},
            "deleteBooking": {"from": ["draft", "confirmed"], "to": "cancelled"},
        },
    }
    schemes = {"token": {"type": "http", "scheme": "bearer"}}
    schemas = {"Booking": {**BOOKING, "x-yett-machine": machine}}
    made = {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes, "schemas": schemas},
    }
    return json.loads(json.dumps(made))  # no part is shared, so a test changes one place alone


def write_shop(folder, contents=None, policies=OWN, more="", port=9):
    """Write the contract folder; the caller adds `jwks.json` where tokens are verified."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "openapi.json").write_text(json.dumps(contents or document()))
    (folder / "yett.toml").write_text(TOML.replace("{port}", str(port)) + more)
    if not (folder / "jwks.json").exists():
        (folder / "jwks.json").write_text('{"keys": []}')
    if policies:
        (folder / "policies").mkdir(exist_ok=True)
        (folder / "policies" / "shop.cedar").write_text(policies)
    return folder


def load_shop(folder, contents=None, policies=OWN, more="", port=9):
    """The contract, loaded."""
    return load(write_shop(folder, contents, policies, more, port))


def compile_shop(folder, contents=None, policies=OWN, more="", port=9):
    """The policy, compiled."""
    return compile_policy(load_shop(folder, contents, policies, more, port))


def messages(report):
    """What a report says, without the lines."""
    return [remark.message for remark in report.remarks]
