import pytest

REF = {"$ref": "#/components/schemas/A"}
TO_B = {"$ref": "#/components/schemas/B"}
NEVER = {"not": {}}


def read_schemas(read, **schemas):
    document = {
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {}}},
        "components": {"schemas": schemas},
    }
    reading = read(document)
    reading.api()
    return reading.document["components"]["schemas"], reading.findings


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"allOf": [REF]}},
        {"A": {"anyOf": [{"type": "string"}, REF]}},
        {"A": {"oneOf": [{"not": REF}]}},
        {"A": {"if": REF}},
        {"A": {"dependentSchemas": {"x": REF}}},
        {"A": dict(TO_B), "B": {"allOf": [REF]}},
        {"A": dict(TO_B), "B": dict(REF)},
        {"A": dict(REF)},
    ],
)
def test_a_schema_inside_itself_is_broken_with_a_warning(read, schemas):
    """A validator that follows it never ends; the inner one matches nothing instead."""
    found, findings = read_schemas(read, **schemas)
    assert "contains itself" in findings[0].message
    assert findings[0].severity == "warning"
    assert NEVER.items() <= str_of(found)


def str_of(value):
    """All pairs of all objects inside a value, to find one anywhere."""
    pairs = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            pairs += item.items()
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return Pairs(pairs)


class Pairs(list):
    def __ge__(self, other):
        return all(pair in self for pair in other)


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"properties": {"a": REF}}},
        {"A": {"items": {"anyOf": [REF, {"type": "null"}]}}},
        {"A": {"additionalProperties": TO_B}, "B": {"allOf": [REF]}},
        {"A": {"allOf": [TO_B, TO_B]}, "B": {"type": "object"}},
    ],
)
def test_recursion_through_data_stays(read, schemas):
    """Trees are fine, and so is a schema used twice."""
    found, findings = read_schemas(read, **schemas)
    assert found == schemas
    assert findings == ()


def test_a_long_chain_is_no_recursion(read):
    """A thousand references in a row are walked without Python's stack."""
    chain = {f"S{i}": {"allOf": [{"$ref": f"#/components/schemas/S{i + 1}"}]} for i in range(1000)}
    _, findings = read_schemas(read, **chain, S1000={"type": "string"})
    assert findings == ()
