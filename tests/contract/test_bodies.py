import pytest

from yett.contract.bodies import BodyReading


def body(read, value):
    reading = read({"b": value})
    return BodyReading(reading.reader()).body(
        reading.document["b"], reading.source.at("b")
    ), reading


def test_media_types_are_lower_case_and_without_parameters(read):
    """`charset` does not choose between schemas."""
    found, _ = body(
        read, {"content": {"Application/JSON; charset=utf-8": {"schema": {}}, "image/*": {}}}
    )
    assert [(m.name, m.schema) for m in found.content] == [
        ("application/json", {}),
        ("image/*", None),
    ]


def test_a_media_type_twice_is_named_and_the_first_counts(read):
    """Two entries that differ by parameters only have one reader."""
    found, reading = body(
        read, {"content": {"a/b;v=1": {"schema": {"type": "string"}}, "a/b;v=2": {"schema": {}}}}
    )
    assert [m.schema for m in found.content] == [{"type": "string"}]
    assert reading.findings[0].rule == "media-type-twice"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"content": []}, "not an object"),
        ({"content": {"json": {}}}, "`json` is not a media type"),
        ({"content": {"a/b/c": {}}}, "not a media type"),
        ({"content": {"a/b": 1}}, "not an object"),
        ({"content": {"a/b": {"encoding": 1}}}, "not an object"),
        ({"content": {"a/b": {"schema": 1}}}, "not a schema"),
        ({"required": 1}, "not `true` or `false`"),
        (1, "not an object"),
    ],
)
def test_faults_are_named(read, value, words):
    """Each has words."""
    _, reading = body(read, value)
    assert words in reading.findings[0].message


def test_responses_keep_status_content_and_header_names(read):
    """What later rooms check of an answer."""
    value = {
        "200": {
            "description": "",
            "content": {"application/json": {"schema": {}}},
            "headers": {"X-A": {}},
        },
        "4XX": {"$ref": "#/r"},
        "default": {"$ref": "#/r"},
        "x-note": 1,
    }
    reading = read({"v": value, "r": {"description": "again"}})
    found = BodyReading(reading.reader()).responses(reading.document["v"], reading.source.at("v"))
    assert [(r.status, r.headers) for r in found] == [
        ("200", ("X-A",)),
        ("4XX", ()),
        ("default", ()),
    ]
    assert not reading.findings


@pytest.mark.parametrize("status", ["20", "2xx", "600", "ok", "2000"])
def test_a_status_is_a_status(read, status):
    """`200`, `2XX` or `default`."""
    reading = read({"v": {status: {}}})
    BodyReading(reading.reader()).responses(reading.document["v"], reading.source.at("v"))
    assert reading.found("openapi-shape")
