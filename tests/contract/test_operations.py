import pytest

from yett.contract.operations import OperationReading


def operations(read, paths, version="3.1", **root):
    reading = read({"paths": paths, **root})
    return OperationReading(reading.reader(version), "shop").read(), reading


def test_ids_are_given_by_the_document_or_by_method_and_path(read):
    """`api.operationId`, else `api.METHOD /path`."""
    found, _ = operations(read, {"/a": {"get": {"operationId": "x"}, "post": {}}})
    assert [o.id for o in found] == ["shop.x", "shop.POST /a"]


def test_an_id_twice_is_an_error_with_both_lines(read):
    """The hint leads to the first one."""
    _, reading = operations(
        read, {"/a": {"get": {"operationId": "x"}}, "/b": {"get": {"operationId": "x"}}}
    )
    (found,) = reading.findings
    assert found.message == "the operation id `x` is taken"
    assert "line 4" in found.hint


@pytest.mark.parametrize(
    ("paths", "rule", "words"),
    [
        ({"a": {}}, "openapi-path", "`a` is not a path"),
        ({"/a b": {}}, "openapi-path", "not a path"),
        ({"/é": {}}, "openapi-path", "not a path"),
        ({"/" + "a" * 3000: {}}, "openapi-path", "not a path"),
        ({"/{a": {}}, "openapi-path", "braces"),
        ({"/{a}/{a}": {}}, "openapi-path", "braces"),
        ({"/{a}": {"get": {}}}, "openapi-path", "`{a}` of the path"),
        ({"/a": {"gett": {}}}, "openapi-shape", "`gett` is not a method"),
        ({"/a": {"query": {}}}, "openapi-shape", "`query` is not a method"),
        ({"/a": []}, "openapi-shape", "not an object"),
        ({"/a": {"get": []}}, "openapi-shape", "not an object"),
        ({"/a": {"get": {"tags": {}}}}, "openapi-shape", "not a list"),
        ({"/a": {"get": {"operationId": 3}}}, "openapi-shape", "not a string"),
        ({"/a": {"get": {"deprecated": 3}}}, "openapi-shape", "not `true`"),
        ({"/a": {"get": {"parameters": {}}}}, "openapi-shape", "not a list"),
        ({"/a": {"parameters": {}}}, "openapi-shape", "not a list"),
        ({"/a": {"get": {"responses": []}}}, "openapi-shape", "not an object"),
        ({"/a": {"get": {"requestBody": []}}}, "openapi-shape", "not an object"),
        ({"/a": {"$ref": "#/nope"}}, "openapi-ref", "leads nowhere"),
        ([], "openapi-shape", "not an object"),
    ],
)
def test_faults_have_a_rule_and_words(read, paths, rule, words):
    """Each is an error."""
    _, reading = operations(read, paths)
    found = reading.findings[0]
    assert (found.rule, found.severity) == (rule, "error")
    assert words in found.message


def test_a_parameter_that_the_path_lacks_is_an_error(read):
    """It would be required and never there."""
    path = {"get": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}]}}
    _, reading = operations(read, {"/a": path})
    assert "has no `{id}`" in reading.found("openapi-path")[0]


@pytest.mark.parametrize("template", ["/a?b=1", "/a#b", "/a/{id}#c"])
def test_a_path_that_no_request_matches_is_not_served(read, template):
    """Box and OpenAI document variants this way: a warning, and the operation is left out."""
    found, reading = operations(read, {template: {"get": {}}})
    assert found == ()
    assert reading.findings[0].severity == "warning"


def test_methods_of_openapi_3_2(read):
    """`query` has a field of its own, others stand in `additionalOperations`."""
    item = {"query": {}, "additionalOperations": {"PURGE": {}, "get": {}, "CONNECT": {}, "A B": {}}}
    found, reading = operations(read, {"/a": item}, version="3.2")
    assert [o.method for o in found] == ["QUERY", "PURGE"]
    assert len(reading.found("openapi-shape")) == 3


def test_a_path_item_may_be_a_reference(read):
    """Fields beside it win, and its operations come along."""
    items = {"p": {"get": {"operationId": "g"}, "put": {"operationId": "p"}}}
    paths = {"/a": {"$ref": "#/components/pathItems/p", "put": {"operationId": "own"}}}
    found, reading = operations(read, paths, components={"pathItems": items})
    assert [o.id for o in found] == ["shop.g", "shop.own"]
    assert not reading.findings


def test_what_an_operation_inherits(read):
    """Security from the root, parameters from the path; its own `security: []` opens it."""
    schemes = {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}
    paths = {"/a": {"get": {}, "put": {"security": []}}}
    (get, put), _ = operations(read, paths, components=schemes, security=[{"b": ["s"]}])
    assert get.security[0][0].scopes == {"s"}
    assert put.security == ((),)


def test_the_source_of_an_operation_is_its_line(read):
    """Findings point at the method."""
    (found,), reading = operations(read, {"/a": {"get": {"operationId": "x"}}})
    assert found.source.line == reading.line('"get"')
