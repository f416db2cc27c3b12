import pytest


@pytest.mark.parametrize(
    ("ref", "pointer"),
    [
        ("#", ()),
        ("#/paths", ("paths",)),
        ("#/paths/~1a~1%7Bid%7D", ("paths", "/a/{id}")),
        ("#/paths/~1a~1{id}", ("paths", "/a/{id}")),
        ("#/list/1", ("list", "1")),
        ("#/~0", ("~",)),
        ("#/list/01", None),
        ("#/list/2", None),
        ("#/list/-", None),
        ("#/list/x", None),
        ("#/list/1/deeper", None),
        ("#/nothing", None),
        ("#anchor", None),
        ("other.yaml#/paths", None),
        ("", None),
    ],
)
def test_local_pointers(read, ref, pointer):
    """Percent-decoded before it is split, `~` after; what leads nowhere is None."""
    reader = read({"paths": {"/a/{id}": {}}, "list": [0, 1], "~": 1}).reader()
    assert reader.pointer(ref) == pointer


def test_a_reference_is_followed_to_its_place(read):
    """The source of what was found is where it is written, not where it was used."""
    reading = read({"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": {"x": 1}})
    reader = reading.reader()
    value, at = reader.follow(reading.document["a"], reading.source.at("a"))
    assert value == {"x": 1}
    assert at.line == reading.line('"c"')


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"a": {"$ref": "#/a"}}, "leads back to itself"),
        ({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}, "leads back to itself"),
        ({"a": {"$ref": "#/x"}}, "`#/x` leads nowhere"),
        ({"a": {"$ref": "http://evil.example/x#/y"}}, "is not local"),
        ({"a": {"$ref": "file:///etc/passwd"}}, "is not local"),
        ({"a": {"$ref": "common.yaml#/x"}}, "is not local"),
        ({"a": {"$ref": 3}}, "not a string"),
        ({"a": {"$ref": "#/b"}, "b": [1]}, "not an object"),
        ({"a": "x"}, "not an object"),
    ],
)
def test_references_that_cannot_be_followed_are_errors(read, document, words):
    """Nothing is fetched, nothing loops, and the line is that of the reference."""
    reading = read(document)
    assert reading.reader().follow(reading.document["a"], reading.source.at("a")) is None
    (found,) = reading.findings
    assert found.severity == "error"
    assert words in found.message
    assert found.line > 1


def test_schemas_are_collected_and_others_match_nothing(read):
    """A string in the place of a schema refuses everything, with a warning."""
    reading = read({})
    reader = reading.reader()
    assert reader.schema({"type": "string"}, reading.source) == {"type": "string"}
    assert reader.schema(False, reading.source) is False
    assert reader.schema("string", reading.source) == {"not": {}}
    assert len(reader.schemas) == 1
    assert reading.findings[0].rule == "schema-keyword"
