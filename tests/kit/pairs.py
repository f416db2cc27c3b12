"""A small contract to change: bookings of tenants, with roles, a machine and a field class."""

from __future__ import annotations

import copy
import json

CONFIG = """
[api.shop]
openapi = "openapi.json"
upstream = "http://127.0.0.1:8000"

[vocabulary.scopes]
"bookings:read" = "see bookings"
"bookings:write" = "change bookings"

[vocabulary.roles]
staff = ["bookings:read"]
admin = ["bookings:read", "bookings:write"]

[vocabulary.classes]
pii = "who a person is"
"""

POLICIES = """
@id("own")
permit(principal is User, action in [Action::"read", Action::"write"], resource is Booking)
when { resource.customer == principal };

@id("staff")
permit(principal in Role::"staff", action == Action::"getBooking", resource is Booking)
when {
  principal has tenant && principal.tenant == resource.tenant &&
  ["open", "held"].contains(resource.status)
};

@id("admin")
permit(principal in Role::"admin", action, resource is Booking)
when { principal has tenant && principal.tenant == resource.tenant };

@id("big-needs-mfa")
forbid(principal, action == Action::"cancelBooking", resource)
unless { context.amr.contains("mfa") };

@id("pii")
permit(principal, action in Action::"read:pii", resource is Booking)
when { resource.customer == principal };
"""

STRING = {"type": "string", "maxLength": 64}
BOOKING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "customer", "tenant", "status", "total"],
    "properties": {
        "id": {**STRING, "readOnly": True},
        "customer": {**STRING, "x-yett-ref": "User", "readOnly": True},
        "tenant": {**STRING, "readOnly": True},
        "status": {"type": "string", "enum": ["open", "held", "cancelled"]},
        "total": {"type": "integer", "minimum": 0, "maximum": 100000},
        "phone": {"type": "string", "pattern": "^[0-9]+$", "x-yett-class": "pii"},
    },
}
RECORD = {
    "type": "Booking",
    "id": "path.id",
    "attrs": {
        "customer": "/customer",
        "tenant": "/tenant",
        "status": "/status",
        "total": "/total",
    },
}
ANSWER = {
    "200": {
        "description": "it",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}},
    }
}
BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}},
}


def _security(scope):
    return [{"bearer": [scope]}]


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/bookings/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": STRING}],
            "get": {
                "operationId": "getBooking",
                "security": _security("bookings:read"),
                "x-yett": {"resource": RECORD},
                "responses": ANSWER,
            },
            "patch": {
                "operationId": "updateBooking",
                "security": _security("bookings:write"),
                "x-yett": {"resource": RECORD},
                "requestBody": BODY,
                "responses": ANSWER,
            },
        },
        "/bookings/{id}/cancel": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": STRING}],
            "post": {
                "operationId": "cancelBooking",
                "security": _security("bookings:write"),
                "x-yett": {"resource": RECORD},
                "responses": ANSWER,
            },
        },
    },
    "components": {
        "schemas": {"Booking": BOOKING},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}


def document():
    """A copy to change."""
    return copy.deepcopy(DOCUMENT)


def write_contract(folder, *, spec=None, policies=POLICIES, config=CONFIG):
    """Write a contract folder."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "openapi.json").write_text(json.dumps(spec or DOCUMENT, indent=1))
    (folder / "yett.toml").write_text(config)
    if policies:
        (folder / "policies" / "shop.cedar").write_text(policies)
    return folder
