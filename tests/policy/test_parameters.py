"""Parameters are read one way, checked, and the query that goes on says the same."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.contract.model import Need, SecurityScheme, Settings
from yett.policy.model import Fault, ParametersRead
from yett.policy.shapes import compile_shapes
from yett.terms import Mode

QUIET = settings(suppress_health_check=list(HealthCheck), deadline=None)


@pytest.fixture
def reader(new_api):
    def make(*parameters, **given):
        modes = {"unknown_query": given.pop("unknown_query")} if "unknown_query" in given else {}
        return compile_shapes(new_api(parameters=parameters, **given), **modes)["x.op"].parameters

    return make


def test_nothing_declared(reader):
    """An operation without parameters takes no query, unless unknown names are let through."""
    read = reader()
    assert read((), "", {}) == ParametersRead({}, "")
    assert read((), "a=1", {}) == Fault("unknown", "query/a")
    assert read((), "&", {}) == Fault("unknown", "query")
    assert read((), "a=%", {}) == Fault("malformed", "query")
    assert reader(unknown_query=Mode.OFF)((), "a=b+c", {}).query == "a=b%20c"


@pytest.mark.parametrize(
    "text", ["", "05", "+5", "5.0", "\uff15", " 5", "5 ", "1e1", "9" * 20, "-"]
)
def test_path_integers(reader, new_parameter, text):
    """A path integer has the one form JSON gives it."""
    read = reader(new_parameter("id", "path", {"type": "integer"}), path="/t/{id}")
    assert read(("7",), "", {}) == ParametersRead({"path": {"id": 7}}, "")
    assert read((text,), "", {}) == Fault("mismatch", "path/id", "type")


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("n=1&n=2", Fault("repeated", "query/n")),
        ("n=1&%6e=2", Fault("repeated", "query/n")),
        ("n=11", Fault("mismatch", "query/n", "maximum")),
        ("n=1&x=2", Fault("unknown", "query/x")),
        ("n=1&x%0d%0a=2", Fault("unknown", "query")),
        ("n=%zz", Fault("malformed", "query")),
        ("n=1&s=%ff", Fault("malformed", "query")),
        ("n=1&s=%00", Fault("malformed", "query")),
        ("s=a", Fault("missing", "query/n")),
        ("", Fault("missing", "query/n")),
        ("n=1&b=1", Fault("mismatch", "query/b", "type")),
        ("n=1&s=abc%0A", Fault("mismatch", "query/s", "pattern")),
        ("n=1&s=%D9%A3", Fault("mismatch", "query/s", "pattern")),
        ("n=1&l=a&l=zz", Fault("mismatch", "query/l/1", "enum")),
        ("n", Fault("mismatch", "query/n", "type")),
    ],
)
def test_query_refused(reader, new_parameter, query, fault):
    """Each way a query can be wrong has its own reason and names the place, not the value."""
    read = reader(
        new_parameter("n", "query", {"type": "integer", "maximum": 10}, required=True),
        new_parameter("s", "query", {"type": "string", "pattern": "^[a-z]+$"}),
        new_parameter("b", "query", {"type": "boolean"}),
        new_parameter("l", "query", {"type": "array", "items": {"enum": ["a", "b"]}}),
    )
    assert read((), query, {}) == fault


def test_unknown_query_modes(reader, new_parameter):
    """`observe` lets an unknown name through and says so; the operation's own mode comes first."""
    n = new_parameter("n", "query", {"type": "integer"})
    observed = reader(n, unknown_query=Mode.OBSERVE)((), "n=1&u=x", {})
    assert observed.observed == (Fault("unknown", "query/u"),)
    assert observed.query == "n=1&u=x"
    assert reader(n, unknown_query=Mode.OFF)((), "u=x", {}).observed == ()
    own = Settings(modes={"unknown_query": Mode.OFF})
    assert isinstance(reader(n, settings=own)((), "u=x", {}), ParametersRead)


def test_credential_in_query(reader):
    """An API key that the contract puts into the query is neither unknown nor read."""
    scheme = SecurityScheme(name="k", type="apiKey", location="query", parameter="key")
    read = reader(security=((Need(scheme, frozenset()),),))
    assert read((), "key=abc", {}) == ParametersRead({}, "key=abc")
    assert read((), "key=abc&key=def", {}).code == "repeated"
    assert read((), "other=1", {}).code == "unknown"


@pytest.mark.parametrize(
    ("style", "explode", "schema", "query", "value", "written"),
    [
        ("form", True, {"type": "array", "items": {"type": "integer"}}, "p=1&p=2", [1, 2], None),
        ("form", False, {"type": "array", "items": {}}, "p=1%2C2", ["1", "2"], "p=1,2"),
        ("spaceDelimited", False, {"type": "array", "items": {}}, "p=a+b", ["a", "b"], "p=a%20b"),
        ("pipeDelimited", False, {"type": "array", "items": {}}, "p=a|b", ["a", "b"], "p=a%7Cb"),
        (
            "deepObject",
            True,
            {"properties": {"a": {"type": "integer"}}},
            "p[a]=1",
            {"a": 1},
            "p%5Ba%5D=1",
        ),
        ("form", True, {"properties": {"a": {"type": "integer"}}}, "a=1", {"a": 1}, None),
        ("form", True, {"oneOf": [{"type": "integer"}, {"const": "all"}]}, "p=all", "all", None),
        ("form", True, {"type": ["string", "integer"], "minLength": 9}, "p=5", 5, None),
        ("form", True, {"type": ["string", "integer"], "minimum": 9}, "p=5", "5", None),
        ("form", True, {"type": ["array", "string"], "items": {}}, "p=5", "5", None),
    ],
)
def test_styles(reader, new_parameter, style, explode, schema, query, value, written):
    """A value in any style is read as the schema means it, and written one way."""
    read = reader(new_parameter("p", "query", schema, style=style, explode=explode))
    found = read((), query, {})
    assert found.values == {"query": {"p": value}}
    assert found.query == (written or query)
    assert read((), found.query, {}) == found


def test_json_parameters(reader, new_parameter):
    """A parameter whose content is JSON is read strictly and checked by its schema."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    read = reader(new_parameter("p", "query", schema, media_type="application/json"))
    assert read((), "p=" + quote('{"a":1}'), {}).values["query"]["p"] == {"a": 1}
    for text in ('{"a":1,"a":2}', '{"b":1}', "{", '{"a":NaN}'):
        assert isinstance(read((), "p=" + quote(text), {}), Fault)


def test_querystring(reader, new_parameter):
    """`in: querystring` reads the whole query as one value (OpenAPI 3.2)."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    whole = new_parameter(
        "q", "querystring", schema, media_type="application/x-www-form-urlencoded", required=True
    )
    read = reader(whole)
    assert read((), "n=1", {}).values == {"querystring": {"q": {"n": 1}}}
    for query in ("n=x", "m=1", "n=1&n=2", "n=%", "", "n=1&x=1"):
        assert isinstance(read((), query, {}), Fault)
    json = reader(new_parameter("q", "querystring", schema, media_type="application/json"))
    assert json((), quote('{"n":1}'), {}).values == {"querystring": {"q": {"n": 1}}}
    assert isinstance(json((), quote('{"n":1,"n":2}'), {}), Fault)
    assert json((), "%7", {}).code == "malformed"


def test_allow_empty(reader, new_parameter):
    """`allowEmptyValue` lets the name stand alone, as no value."""
    read = reader(new_parameter("n", "query", {"type": "integer"}, allow_empty=True))
    assert read((), "n=", {}).values == {"query": {}}
    assert read((), "n=1&n=", {}).code == "repeated"


@QUIET
@given(query=st.one_of(st.text("ab[]=&%2Cc+;|, nul0.e-", max_size=30), st.text(max_size=20)))
def test_any_query(query, reader, new_parameter):
    """Any query is read or refused, never an exception; and what goes on is read the same."""
    read = reader(
        new_parameter("a", "query", {"type": "array", "items": {"type": "number"}}),
        new_parameter("b", "query", {"type": ["integer", "string"], "maximum": 5}),
        new_parameter("c", "query", {"properties": {"a": {"type": "integer"}}}, style="deepObject"),
        new_parameter("n", "query", {"type": "array", "items": {}}, explode=False),
        unknown_query=Mode.OFF,
    )
    found = read((), query, {})
    if isinstance(found, ParametersRead):
        assert read((), found.query, {}) == found
        assert found.query.isascii()


def test_long_query_is_cheap(reader, new_parameter):
    """A query as long as a head may be costs under 10 ms whatever it holds."""
    read = reader(new_parameter("a", "query", {"type": "array", "items": {"type": "integer"}}))
    for query in ("a=1&" * 8_000, "%" * 30_000, "a" * 30_000, "a=" + "%41" * 10_000, "[" * 30_000):
        read((), query, {})
        start = time.thread_time()
        read((), query, {})
        assert time.thread_time() - start < 0.01
