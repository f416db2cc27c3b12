import pytest

from yett.contract.security import SecurityReading

SCHEMES = {
    "bearer": {"type": "http", "scheme": "Bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "oauth": {"type": "oauth2", "flows": {}},
    "mtls": {"type": "mutualTLS"},
}


def reading_of(read, schemes=SCHEMES, **root):
    reading = read({"components": {"securitySchemes": schemes}, **root})
    return reading, SecurityReading(reading.reader())


def test_requirements_are_an_or_of_ands(read):
    """A list is alternatives, an object is all at once."""
    reading, security = reading_of(read)
    found = security.requirements(
        [{"bearer": [], "key": []}, {"oauth": ["a", "b"]}], reading.source
    )
    assert [[need.scheme.name for need in a] for a in found] == [["bearer", "key"], ["oauth"]]
    assert found[1][0].scopes == {"a", "b"}
    assert found[0][0].scheme.http_scheme == "bearer"


def test_an_empty_list_on_an_operation_is_anonymous(read):
    """`security: []` and `{}` say that nobody has to prove anything."""
    reading, security = reading_of(read)
    assert security.requirements([], reading.source) == ((),)
    assert security.requirements([{}], reading.source) == ((),)


@pytest.mark.parametrize("root", [{}, {"security": []}])
def test_an_empty_list_at_the_root_says_nothing(read, root):
    """Generators write it when nobody thought about security: the gate stays shut."""
    assert reading_of(read, **root)[1].root is None


def test_the_root_is_the_default(read):
    """Operations without `security` inherit it."""
    assert reading_of(read, security=[{"mtls": []}])[1].root[0][0].scheme.type == "mutualTLS"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"baerer": []}], "`baerer` is not declared"),
        ([{"bearer": "a"}], "not a list"),
        ([{"bearer": [1]}], "is not a string"),
        (["bearer"], "not an object"),
        ({"bearer": []}, "not a list"),
    ],
)
def test_a_faulty_requirement_is_an_error_and_opens_nothing(read, value, words):
    """The result is never `anonymous`."""
    reading, security = reading_of(read)
    assert () not in security.requirements(value, reading.source.at("security"))
    assert words in reading.findings[0].message
    assert reading.findings[0].severity == "error"


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ({"type": "basic"}, "has the type `basic`"),
        ({"type": "http"}, "no `scheme`"),
        ({"type": "http", "scheme": 1}, "no `scheme`"),
        ({"type": "apiKey", "in": "body", "name": "x"}, "lacks"),
        ({"type": "apiKey", "in": "header"}, "lacks"),
        ({}, "has the type `null`"),
        (3, "not an object"),
        ({"$ref": "#/nope"}, "leads nowhere"),
    ],
)
def test_a_faulty_scheme_is_named_once(read, scheme, words):
    """Its users are not blamed as well."""
    reading, security = reading_of(read, {"s": scheme})
    security.requirements([{"s": []}], reading.source)
    (found,) = reading.findings
    assert words in found.message
