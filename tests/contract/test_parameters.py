import pytest

from yett.contract.parameters import STYLES, ParameterReading, is_template


def parameter(**fields):
    return {"name": "q", "in": "query", "schema": {"type": "string"}} | fields


def read_one(read, value, version="3.1"):
    reading = read({"parameters": [value]})
    reader = reading.reader(version)
    found = ParameterReading(reader).read_all(
        reading.document["parameters"], reading.source.at("parameters")
    )
    return (found[0] if found else None), reading.findings


@pytest.mark.parametrize(
    ("location", "style", "explode"),
    [
        ("path", "simple", False),
        ("query", "form", True),
        ("header", "simple", False),
        ("cookie", "form", True),
    ],
)
def test_defaults_of_style_and_explode(read, location, style, explode):
    """Each place has its default style; only `form` explodes by default (s4.8.12.2)."""
    found, _ = read_one(read, parameter(**{"in": location, "required": True}))
    assert (found.style, found.explode) == (style, explode)


def test_every_style_is_taken_at_its_place_and_nowhere_else(read):
    """The table of styles is the whole truth."""
    styles = {style for row in STYLES.values() for style in row}
    for location, allowed in STYLES.items():
        for style in styles:
            found, remarks = read_one(
                read, parameter(**{"in": location, "style": style, "required": True})
            )
            assert (found is not None) == (style in allowed)
            assert bool(remarks) == (style not in allowed)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (parameter(name=""), "no `name`"),
        (parameter(name=3), "no `name`"),
        (parameter(**{"in": "body"}), "in `body`"),
        (parameter(**{"in": ["query"]}), "is in"),
        (parameter(**{"in": "header", "name": "a b"}), "cannot be a header"),
        (parameter(explode="yes"), "not `true` or `false`"),
        (parameter(required="yes"), "not `true` or `false`"),
        (parameter(style=["form"]), "has the style"),
        (parameter(content={}), "not one media type"),
        (parameter(content={"a/b": {}, "c/d": {}}), "not one media type"),
        (parameter(**{"in": "querystring"}), "not one media type"),
        ("x", "not an object"),
        ({"$ref": "#/nope"}, "leads nowhere"),
    ],
)
def test_a_parameter_with_two_readings_is_an_error(read, value, words):
    """Each fault is named."""
    _, remarks = read_one(read, value)
    assert remarks[0].severity == "error"
    assert words in remarks[0].message


@pytest.mark.parametrize("name", ["Accept", "content-type", "AUTHORIZATION"])
def test_headers_described_elsewhere_are_left_out(read, name):
    """`Accept`, `Content-Type` and `Authorization` are no parameters (s4.8.12.1)."""
    assert read_one(read, parameter(**{"in": "header", "name": name})) == (None, ())


def test_faults_that_have_a_strict_reading_are_warnings(read):
    """A missing schema is a string, a path parameter is required."""
    found, remarks = read_one(read, {"name": "q", "in": "query"})
    assert (found.schema, remarks[0].severity) == ({"type": "string"}, "warning")
    found, remarks = read_one(read, parameter(**{"in": "path"}))
    assert (found.required, remarks[0].severity) == (True, "warning")


def test_content_parameters_carry_their_media_type(read):
    """`content` with one entry; its name in lower case without parameters."""
    found, remarks = read_one(
        read,
        {
            "name": "q",
            "in": "query",
            "content": {"Application/JSON; a=b": {"schema": {"type": "object"}}},
        },
    )
    assert (found.media_type, found.schema, remarks) == ("application/json", {"type": "object"}, ())


def test_a_name_twice_at_one_place_is_an_error(read):
    """`q` and `q`: which one counts would be a guess."""
    reading = read({"p": [parameter(), parameter(), parameter(**{"in": "header"})]})
    ParameterReading(reading.reader()).read_all(reading.document["p"], reading.source.at("p"))
    assert reading.found("openapi-parameter")[0].endswith(
        "the query parameter `q` is declared twice"
    )


def test_an_operations_own_parameter_wins(read):
    """The path's parameter is replaced by name and place, others stay."""
    reading = read(
        {"outer": [parameter(required=True), parameter(name="r")], "inner": [parameter()]}
    )
    parameters = ParameterReading(reading.reader())
    outer = parameters.read_all(reading.document["outer"], reading.source.at("outer"))
    inner = parameters.read_all(reading.document["inner"], reading.source.at("inner"))
    merged = parameters.merge(outer, inner, reading.source)
    assert [(p.name, p.required) for p in merged] == [("q", False), ("r", False)]


def test_querystring_stands_alone(read):
    """A parameter for the whole query excludes parameters of the query (3.2 s4.12)."""
    whole = {"name": "q", "in": "querystring", "content": {"application/json": {}}}
    reading = read({"p": [whole, parameter(name="r")]})
    parameters = ParameterReading(reading.reader("3.2"))
    parameters.merge(
        [], parameters.read_all(reading.document["p"], reading.source.at("p")), reading.source
    )
    assert "describes the whole query" in reading.found("openapi-parameter")[0]


@pytest.mark.parametrize(
    ("template", "good"),
    [
        ("/a/{id}", True),
        ("/a/{b}...{c}", True),
        ("/a/{id", False),
        ("/a/id}", False),
        ("/a/{}", False),
        ("/a/{id}/{id}", False),
        ("/a/{{id}}", False),
    ],
)
def test_templates(template, good):
    """Braces are balanced and each name comes once."""
    assert is_template(template) is good
