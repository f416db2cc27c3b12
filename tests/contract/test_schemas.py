import pytest

NEVER = {"not": {}}


def mend(read, schema, version="3.1.0"):
    """Read a document with one schema; answers what became of it, and the remarks."""
    document = {
        "openapi": version,
        "paths": {"/a": {"get": {}}},
        "components": {"schemas": {"S": schema, "T": {"type": "string"}}},
    }
    reading = read(document)
    reading.api()
    return reading.document["components"]["schemas"]["S"], reading.findings


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("minimum", True), ("maximum", "many"), ("minimum", [1]), ("multipleOf", 0), ("multipleOf", "x"),
        ("minLength", -1), ("maxLength", 1.5), ("maxItems", None), ("minProperties", "1_0"),
        ("type", "strng"), ("type", ["string", "strng"]), ("type", []), ("type", 3), ("type", {"a": 1}),
        ("enum", "a"), ("enum", []), ("required", "a"), ("required", [1]), ("pattern", 3), ("uniqueItems", "yes"),
        ("readOnly", "yes"), ("allOf", {}), ("anyOf", []), ("oneOf", "x"), ("prefixItems", {}),
        ("properties", []), ("properties", None), ("patternProperties", 3), ("items", [{}]), ("items", "x"),
        ("not", []), ("if", 3), ("additionalProperties", "no"), ("dependentRequired", []), ("$defs", []),
    ],
)  # fmt: skip
def test_a_keyword_that_cannot_be_read_makes_the_schema_match_nothing(read, keyword, value):
    """The operation refuses what it cannot check, with a warning that names line and keyword."""
    schema, findings = mend(read, {"title": "x", keyword: value})
    assert schema == NEVER
    (found,) = findings
    assert (found.rule, found.severity) == ("schema-keyword", "warning")
    assert found.message.startswith(f"`{keyword}` is ")
    assert found.line > 1


@pytest.mark.parametrize(
    ("keyword", "value", "number"),
    [
        ("minimum", "-9.223372036854776e18", -9223372036854775808),
        ("maximum", "10", 10),
        ("maximum", "1.5", 1.5),
        ("maxLength", "20", 20),
    ],
)
def test_a_number_written_as_text_is_that_number(read, keyword, value, number):
    """OpenAI's description has such bounds: read strictly, with a warning."""
    schema, findings = mend(read, {keyword: value})
    assert schema == {keyword: number}
    assert findings[0].severity == "warning"


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "٣", " ", "1_0", "-1"])
def test_text_that_is_no_count_is_not_made_one(read, value):
    """Only ASCII numbers that fit the keyword."""
    assert mend(read, {"maxLength": value})[0] == NEVER


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("format", 3),
        ("nullable", "yes"),
        ("deprecated", 1),
        ("writeOnly", 1),
        ("discriminator", "kind"),
        ("required", True),
    ],
)
def test_annotations_that_cannot_be_read_are_dropped(read, keyword, value):
    """Without them the schema means the same or less."""
    schema, findings = mend(read, {"type": "string", keyword: value})
    assert schema == {"type": "string"}
    assert "it is ignored" in findings[0].message


def test_a_type_that_is_almost_one_is_named(read):
    """`strng` has a hint."""
    assert mend(read, {"type": "strng"})[1][0].hint == "did you mean `string`?"


@pytest.mark.parametrize("ref", ["#/components/schemas/Nope", "#/paths", "#anchor", 3, "#/openapi"])
def test_a_reference_that_leads_to_no_schema_matches_nothing(read, ref):
    """`#/paths` leads to an object, and objects are schemas; everything else does not."""
    schema, findings = mend(read, {"properties": {"a": {"$ref": ref}}})
    if ref == "#/paths":
        return
    assert schema == {"properties": {"a": NEVER}}
    assert (findings[0].rule, findings[0].severity) == ("schema-ref", "warning")


@pytest.mark.parametrize(
    "ref", ["http://evil.example/s.json", "other.yaml#/S", "//evil/x", "urn:x"]
)
def test_a_reference_to_another_document_is_an_error(read, ref):
    """Nothing is fetched, and nothing is guessed."""
    _, findings = mend(read, {"items": {"$ref": ref}})
    assert (findings[0].rule, findings[0].severity) == ("openapi-ref", "error")


def test_places_that_hold_no_schema_match_nothing(read):
    """A string in a list or map of schemas is replaced where it stands."""
    schema, findings = mend(read, {"properties": {"a": "string", "b": {}}, "allOf": [None, True]})
    assert schema == {"properties": {"a": NEVER, "b": {}}, "allOf": [NEVER, True]}
    assert len(findings) == 2


def test_in_3_0_what_stands_beside_a_reference_is_ignored(read):
    """Its faults are nobody's."""
    schema = {"$ref": "#/components/schemas/T", "minimum": "x"}
    assert mend(read, dict(schema), "3.0.3")[1] == ()
    assert mend(read, dict(schema), "3.1.0")[0] == NEVER


def test_an_id_inside_the_document_is_dropped(read):
    """It would change what references mean."""
    schema, findings = mend(read, {"$id": "http://x/", "type": "string"})
    assert schema == {"type": "string"}
    assert "`$id` is ignored" in findings[0].message


def test_examples_are_not_schemas(read):
    """What stands in `example`, `default`, `const` and `enum` is data."""
    data = {"$ref": "http://x", "type": 3}
    schema = {"example": data, "default": data, "enum": [data], "const": data, "x-any": data}
    assert mend(read, dict(schema)) == (schema, ())
