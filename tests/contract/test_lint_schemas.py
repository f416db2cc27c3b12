import pytest

from yett.contract.lint import lint


def rules(contract, document):
    return {f.rule: f for f in lint(contract(document))}


def with_body(good, schema, media_type="application/json"):
    good["paths"]["/bookings/{id}"]["put"]["requestBody"]["content"] = {
        media_type: {"schema": schema}
    }
    return good


@pytest.mark.parametrize(
    ("schema", "rule"),
    [
        ({"type": "string"}, "text-unbounded"),
        ({"type": ["string", "null"]}, "text-unbounded"),
        ({"type": "string", "maxLength": 3}, None),
        ({"type": "string", "enum": ["a"]}, None),
        ({"type": "string", "format": "uuid"}, None),
        ({"type": "array", "items": {"type": "integer"}}, "list-unbounded"),
        ({"type": "array", "maxItems": 3}, None),
        ({"type": "object"}, "object-open"),
        ({"type": "object", "additionalProperties": {}}, "object-open"),
        ({"type": "object", "additionalProperties": False}, None),
        ({"type": "object", "properties": {}}, None),
        ({"type": "object", "properties": {"a": {"type": "string", "readOnly": True}}}, None),
        ({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}]}}}, "text-unbounded"),
        ({"allOf": [{"properties": {"a": {}}, "additionalProperties": False}, {"properties": {"b": {}}}]}, "closed-branch"),
        ({"allOf": [{"properties": {"a": {}}, "additionalProperties": False}], "properties": {"b": {}}}, "closed-branch"),
        ({"allOf": [{"properties": {"a": {}}, "additionalProperties": False}, {"properties": {"a": {}}}]}, None),
    ],
)  # fmt: skip
def test_schemas_of_bodies(contract, good, schema, rule):
    """Each rule finds what it is for, and leaves the rest alone."""
    found = set(rules(contract, with_body(good, schema)))
    shape = {"text-unbounded", "list-unbounded", "object-open", "closed-branch"}
    assert found & shape == ({rule} if rule else set())


def test_a_recursive_schema_is_walked_once(contract, good):
    """Trees end, and the names of the first places are given."""
    good["components"]["schemas"]["Booking"]["properties"] |= {
        f"t{i}": {"type": "string"} for i in range(9)
    }
    message = rules(contract, good)["text-unbounded"].message
    assert message.endswith("texts have no `maxLength`: `body.t0`, `body.t1`, `body.t2` and 6 more")
