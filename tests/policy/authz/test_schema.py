"""The schema that is derived is one that Cedar takes, and says what the contract says."""

from __future__ import annotations

import cedarpy

from yett.policy.authz.schema import BASE, derive_schema
from yett.policy.cedar.schema_text import write_schema


def errors(schema, policy):
    found = cedarpy.validate_policies(policy, write_schema(schema))
    return [error.error for error in found.errors]


def test_policies_are_validated_against_it(facts):
    """What the contract declares passes; a misspelt attribute, role or action does not."""
    schema = derive_schema(facts())
    good = (
        'permit(principal in Role::"staff", action in Action::"tag:bookings", resource is Booking)'
        ' when { resource.customer == principal && resource.status == "draft"'
        ' && context.source.isLoopback() && context.now > datetime("2026-01-01") };'
    )
    assert errors(schema, good) == []
    assert errors(schema, good.replace("customer", "costumer"))
    assert errors(schema, good.replace('"staff"', '"boss"'))
    assert errors(schema, good.replace("tag:bookings", "tag:booking"))


def test_an_optional_attribute_wants_has(facts, shop):
    """An attribute that may be absent cannot be read without asking: it would err, and deny."""
    shop["components"]["schemas"]["Booking"]["required"].remove("price")
    for path in shop["paths"].values():
        for operation in path.values():
            for answer in (
                operation.get("responses", {}).values() if isinstance(operation, dict) else ()
            ):
                schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
                if "price" in schema.get("required", ()):
                    schema["required"].remove("price")
    schema = derive_schema(facts())
    rule = (
        'permit(principal, action == Action::"getBooking", resource) when { resource.price < 5 };'
    )
    assert errors(schema, rule)
    assert errors(schema, rule.replace("{ ", "{ resource has price && ")) == []


def test_actions_are_in_their_groups(facts):
    """Groups by tag, by effect and by api; classes in groups of their own."""
    schema = derive_schema(facts())
    assert schema.groups_of("getBooking") == {"read", "api:shop", "tag:bookings"}
    assert schema.groups_of("changeBooking:pii") == {"write:pii"}
    assert schema.groups_of("listBookings:pii") == {"read:pii"}
    assert "confirmBooking:pii" not in schema.actions, (
        "its answer is shown as `getBooking` shows it"
    )
    assert schema.actions["getHealth"].resources == ("Api",)


def test_only_an_open_operation_has_anonymous_callers(facts, shop):
    """Who needs no credential is `Anonymous`, elsewhere there is none."""
    shop["paths"]["/health"]["get"]["security"] = [{}]
    schema = derive_schema(facts())
    assert "Anonymous" in schema.actions["getHealth"].principals
    assert "Anonymous" not in schema.actions["getBooking"].principals


def test_who_may_approve_is_an_action(facts, shop):
    """A sensitive operation with approvals has an action of its own for those who approve."""
    shop["paths"]["/bookings/{id}"]["delete"]["x-yett"]["sensitive"] = {"approvals": 1}
    schema = derive_schema(facts())
    assert schema.actions["deleteBooking:approve"].groups == ("approve",)
    assert schema.actions["deleteBooking:approve"].resources == ("Booking",)


def test_a_record_that_is_a_principal_has_both_kinds_of_attributes(facts, shop):
    """`User` as a record and as a caller is one entity type."""
    shop["paths"]["/users/{id}"] = {
        "parameters": shop["paths"]["/bookings/{id}"]["parameters"],
        "get": {
            **shop["paths"]["/bookings/{id}"]["get"],
            "operationId": "getUser",
            "x-yett": {"resource": {"type": "User", "id": "path.id", "attrs": {"note": "/note"}}},
        },
    }
    entity = derive_schema(facts()).entities["User"]
    assert {a.name for a in entity.attributes} == {*(a.name for a in BASE), "note"}


def test_roles_are_those_of_the_vocabulary(facts):
    """A contract without roles still has the type, with a member nobody has."""
    assert derive_schema(facts()).entities["Role"].members == ("customer", "staff")
