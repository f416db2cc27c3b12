import pytest


def test_a_good_document_is_read_without_remarks(good, read):
    """The sample has nothing to complain about."""
    reading = read(good)
    api = reading.api()
    assert not reading.findings
    assert (api.name, api.base, api.version, len(api.operations)) == ("shop", "/v1", "3.1", 3)
    first = api.operations[0]
    assert [p.name for p in first.parameters] == ["id", "filter"]
    assert [r.status for r in first.responses] == ["200", "default"]


def test_the_configured_path_wins(good, read):
    """`path` of yett.toml replaces the prefix of `servers`, also with nothing."""
    assert read(good).api(path="/x/").base == "/x"
    assert read(good).api(path="").base == ""


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.1", "3.2.0", "3.1.0-rc1"])
def test_versions_that_are_read(good, read, version):
    """3.0, 3.1 and 3.2."""
    good["openapi"] = version
    reading = read(good)
    assert reading.api().version == version[:3]
    assert not reading.findings


@pytest.mark.parametrize(
    ("document", "words", "hint"),
    [
        ({"swagger": "2.0"}, "Swagger `2.0` is not read", "swagger2openapi"),
        ({"openapi": "4.0.0"}, "`4.0.0` is not a version", "3.1.1"),
        ({"openapi": 3.1}, "`3.1` is not a version", "quotation marks"),
        ({"openapi": "3.1"}, "`3.1` is not a version", "3.1.1"),
        ({}, "does not say which OpenAPI", "3.1.1"),
        ([], "not an object", "begins with"),
        ("x", "not an object", "begins with"),
        (None, "not an object", "begins with"),
    ],
)
def test_other_documents_are_refused_with_the_way_out(read, document, words, hint):
    """Swagger 2.0 and strangers are named."""
    reading = read(document)
    assert reading.api() is None
    (found,) = reading.findings
    assert (found.rule, found.severity) == ("openapi-version", "error")
    assert words in found.message
    assert hint in found.hint


@pytest.mark.parametrize("paths", [None, {}])
def test_a_document_without_operations_is_refused(good, read, paths):
    """Nothing would get through."""
    good["paths"] = paths
    reading = read(good)
    reading.api()
    assert "openapi-shape" in {f.rule for f in reading.findings}
