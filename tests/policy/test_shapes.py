"""Whole contracts compile to shapes in time, and hold against hostile bodies and real documents."""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.contract.errors import ContractError
from yett.contract.load import load
from yett.contract.report import Report
from yett.policy.model import BodyRead, Fault
from yett.policy.shapes import compile_shapes
from yett.terms import Mode

ROOT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("YETT_CORPORA", ROOT.parent / "shared" / "corpora"))
JSON = b"application/json"
NAMES = ("github", "stripe", "box", "openai")


def fault_codes(read, bodies):
    return [found.code if isinstance(found := read(body), Fault) else "" for body in bodies]


def test_one_operation_end_to_end(new_api, new_parameter):
    """Parameters, body and the sources of text of an operation come out of one call."""
    api = new_api(
        {"type": "object", "properties": {"a": {"type": "string"}}},
        path="/t/{id}",
        parameters=[new_parameter("id", "path", {"type": "integer"})],
    )
    shape = compile_shapes(api)["x.op"]
    assert shape.body_required
    assert shape.parameters(("1",), "", {}).values == {"path": {"id": 1}}
    assert shape.body(b'{"a":"x"}', b"application/json").value == {"a": "x"}
    assert shape.text.parameters == (("path/id", {"type": "integer"}),)
    assert shape.text.bodies[0]["properties"] == {"a": {"type": "string"}}
    assert "$defs" in shape.text.root


def recursive(kind, version="3.1"):
    node = {
        "type": "object",
        "properties": {"k": {"type": "string"}},
        kind: [
            {"properties": {"c": {"$ref": "#/components/schemas/N"}, "l": {"type": "integer"}}},
            {"properties": {"c": {"$ref": "#/components/schemas/N"}, "m": {"type": "integer"}}},
        ],
    }
    return {"N": node}


@pytest.mark.parametrize("kind", ["anyOf", "oneOf"])
@pytest.mark.parametrize("leaf", [{"k": "v"}, {"k": 5}, {"zz": 1}, 5])
@pytest.mark.parametrize("depth", [6, 16, 61])
def test_recursive_alternatives_are_cheap(kind, leaf, depth, new_body):
    """Circles of anyOf and oneOf, closed, answer in under 5 ms at any depth that is let in."""
    read = new_body({"$ref": "#/components/schemas/N"}, components=recursive(kind))
    body = leaf
    for _ in range(depth):
        body = {"c": body}
    raw = orjson.dumps(body)
    read(raw)
    start = time.thread_time()
    found = read(raw)
    assert time.thread_time() - start < 0.005
    # Every branch takes `{"c": …}`, so `oneOf` fits nothing at all.
    assert isinstance(found, BodyRead) == (kind == "anyOf" and leaf == {"k": "v"})


def test_long_chains_of_alternatives_are_cheap(new_body):
    """Alternatives that nest without a circle do not multiply either, and still block strangers."""
    components = {}
    for i in range(10):
        below = {"$ref": f"#/components/schemas/N{i + 1}"} if i < 9 else {"type": "integer"}
        branch = [{"properties": {"c": below, f"l{b}": {"type": "integer"}}} for b in range(2)]
        components[f"N{i}"] = {"type": "object", "anyOf": branch}
    read = new_body({"$ref": "#/components/schemas/N0"}, components=components)
    good, stranger = 1, 1
    for i in range(10):
        good, stranger = {"c": good}, {"c": stranger, **({"zz": 1} if i == 3 else {})}
    for body, accepted in ((good, True), (stranger, False)):
        read(body)
        start = time.thread_time()
        assert isinstance(read(body), BodyRead) == accepted
        assert time.thread_time() - start < 0.005


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "^(a|aa)+$", "(?=(a+)+$)a", r"^(a+)+\1$", "^(?!.*(a+)+b)a+$", "(.*a){20}"],
)
def test_hostile_patterns_are_cheap(pattern, new_body):
    """No pattern of a contract makes 100 kB of text cost more than 5 ms."""
    read = new_body({"type": "string", "pattern": pattern})
    raw = orjson.dumps("a" * 100_000 + "!")
    read(raw)
    start = time.thread_time()
    read(raw)
    assert time.thread_time() - start < 0.005


def test_deep_bodies_are_refused_before_the_validator(new_body):
    """100,000 levels are refused, and the validator never sees more than the cap."""
    tree = {"T": {"type": "array", "items": {"$ref": "#/components/schemas/T"}}}
    read = new_body({"$ref": "#/components/schemas/T"}, components=tree)
    bodies = [b"[" * n + b"]" * n for n in (65, 1000, 5000, 100_000)]
    assert fault_codes(read, bodies) == ["deep"] * 4


def nested(keyword, depth):
    schema = {"type": "string"}
    for _ in range(depth):
        schema = {keyword: [schema]} if keyword.endswith("Of") else {keyword: {"a": schema}}
    return schema


@pytest.mark.parametrize("keyword", ["allOf", "properties", "anyOf"])
def test_deep_schemas_are_named_errors(keyword, new_api):
    """A schema nested 5,000 deep is a finding, not a crash."""
    with pytest.raises(ContractError) as raised:
        compile_shapes(new_api(nested(keyword, 5_000)))
    assert raised.value.findings[0].rule == "schema-depth"
    assert raised.value.findings[0].subject == "x.op"


@pytest.mark.parametrize(
    "components",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
        {"A": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/A"}]}},
        {"A": {"not": {"$ref": "#/components/schemas/A"}}},
        {"A": {"if": {"$ref": "#/components/schemas/A"}, "then": {}}},
        {"A": {"$ref": "#/components/schemas/Missing"}},
        {"A": {"$ref": "other.yaml#/A"}},
        {"A": {"$ref": "http://169.254.169.254/"}},
        {"A": {"type": "strin"}},
        {"A": {"properties": []}},
        {"A": {"allOf": {}}},
    ],
)
def test_broken_schemas_are_named_errors(components, new_api):
    """Endless, dangling, remote and malformed schemas are findings with a hint's worth of text."""
    with pytest.raises(ContractError) as raised:
        compile_shapes(new_api({"$ref": "#/components/schemas/A"}, components=components))
    assert all(f.severity == "error" and f.message for f in raised.value.findings)


def test_long_chains_of_references(new_api):
    """Thousands of references one after another cost no stack."""
    last = 3_000
    components = {
        f"A{i}": {"properties": {"n": {"$ref": f"#/components/schemas/A{i + 1}"}}}
        for i in range(last)
    }
    components[f"A{last}"] = {"type": "string"}
    assert compile_shapes(new_api({"$ref": "#/components/schemas/A0"}, components=components))


MESS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 5), st.text("a$#/^(", max_size=4)),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "type",
                    "enum",
                    "const",
                    "allOf",
                    "anyOf",
                    "oneOf",
                    "not",
                    "if",
                    "then",
                    "else",
                    "properties",
                    "items",
                    "required",
                    "pattern",
                    "format",
                    "minimum",
                    "maximum",
                    "nullable",
                    "discriminator",
                    "additionalProperties",
                    "patternProperties",
                    "prefixItems",
                    "propertyName",
                    "mapping",
                    "a",
                    "$dynamicRef",
                    "dependencies",
                    "exclusiveMinimum",
                    "unevaluatedProperties",
                    "readOnly",
                    "contains",
                    "uniqueItems",
                ]
            ),
            below,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=MESS, body=MESS, version=st.sampled_from(["3.0", "3.1", "3.2"]))
def test_any_schema(schema, body, version, new_api):
    """Any JSON in the place of a schema compiles or is a ContractError; reading never raises."""
    try:
        shape = compile_shapes(new_api(schema or {}, components={"a": schema}, version=version))
    except ContractError:
        return
    read = shape["x.op"].body
    if read is not None:
        assert isinstance(read(orjson.dumps(body), b"application/json"), (BodyRead, Fault))


@pytest.fixture(scope="module", params=NAMES)
def real(request, tmp_path_factory):
    source = CORPORA / "openapi" / f"{request.param}.json.gz"
    if not source.exists():
        pytest.skip(f"{source} is absent: set YETT_CORPORA")
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "openapi.json").write_bytes(gzip.decompress(source.read_bytes()))
    (folder / "yett.toml").write_text(
        '[api.x]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n'
    )
    return request.param, load(folder).apis[0]


def test_real_documents_compile(real):
    """The vendors' documents serve; what is dropped or unread is said and is no error."""
    name, api = real
    report = Report()
    shapes = compile_shapes(api, report=report)
    assert len(shapes) == len(api.operations)
    assert len(report.remarks) <= {"openai": 2}.get(name, 0)


# The share of unknown fields that is blocked; what is left are places a contract leaves free-form.
BLOCKED = {"github": 0.97, "stripe": 0.95, "box": 0.97, "openai": 0.9}


def test_unknown_fields_in_real_bodies_are_blocked(real, record_property):
    """A field that no schema declares, put anywhere into a valid body, is refused."""
    name, api = real
    blocked = total = 0
    for operation_id, shape in compile_shapes(api).items():
        if shape.body is None:
            continue
        for schema in shape.text.bodies:
            body = Sampler(shape.text.root, operation_id).sample(schema)
            if not isinstance(shape.body(orjson.dumps(body), b"application/json"), BodyRead):
                continue
            for altered in with_stranger(body):
                total += 1
                found = shape.body(orjson.dumps(altered), b"application/json")
                blocked += isinstance(found, Fault)
    if name == "stripe":
        assert total == 0  # its bodies are forms
        return
    record_property("blocked", f"{name}: {blocked} of {total}")
    assert total > 100
    assert blocked / total >= BLOCKED[name]


def test_a_second_engine_reads_openai_the_same(real):
    """On a 3.1 document, whose schemas are 2020-12, Python's jsonschema says the same of bodies."""
    name, api = real
    if name != "openai":
        pytest.skip("a 3.0 document: no other engine reads its schemas as they are")
    opened = compile_shapes(api, unknown_fields=Mode.OFF)
    closed = compile_shapes(api)
    chance = random.Random(5)
    for operation in api.operations[::3]:
        shape = closed[operation.id]
        entries = operation.body.content if operation.body else ()
        for media in (m for m in entries if m.name == "application/json"):
            components = api.document["components"]
            oracle = jsonschema.Draft202012Validator(
                {"allOf": [media.schema], "components": components}
            )
            base = Sampler(shape.text.root, operation.id).sample(shape.text.bodies[0])
            for body in [base, *(altered(base, chance) for _ in range(6))]:
                raw = orjson.dumps(body)
                found = isinstance(opened[operation.id].body(raw, JSON), BodyRead)
                assert found == oracle.is_valid(body), (operation.id, body)
                assert found or isinstance(shape.body(raw, JSON), Fault)


def altered(value, chance):
    """Drop or replace one member or item somewhere in a copy of the value."""
    value = copy.deepcopy(value)
    spots, stack = [], [value]
    for one in stack:
        keys = one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        spots += [(one, key) for key in keys]
        stack += [one[key] for key in keys]
    if spots:
        holder, key = chance.choice(spots)
        if isinstance(holder, dict) and chance.random() < 0.3:
            del holder[key]
        else:
            holder[key] = chance.choice([None, "x", 5, -1, [], {}, "", True, 1.5, ["x"]])
    return value


class Sampler:
    """Makes one value that fits an emitted schema, as far as a simple walk can."""

    def __init__(self, root, seed):
        self.root = root
        self.random = random.Random(seed)

    def sample(self, schema, depth=0):
        if not isinstance(schema, dict):
            return "x"
        if "$ref" in schema:
            target = self.root["$defs"][schema["$ref"].rpartition("/")[2]]
            rest = {k: v for k, v in schema.items() if k != "$ref"}
            return self.merge([target, rest] if rest else [target], depth)
        if "allOf" in schema:
            rest = {k: v for k, v in schema.items() if k != "allOf"}
            return self.merge([rest, *schema["allOf"]], depth)
        for kind in ("anyOf", "oneOf"):
            if kind in schema:
                rest = {k: v for k, v in schema.items() if k != kind}
                branch = next((b for b in schema[kind] if b != {"type": "null"}), True)
                return self.merge([rest, branch], depth)
        return self.plain(schema, depth)

    def merge(self, parts, depth):
        found = [self.sample(part, depth) for part in parts if part and part is not True]
        objects = [value for value in found if isinstance(value, dict)]
        if objects:
            return {name: value for one in objects for name, value in one.items()}
        return found[0] if found else "x"

    def plain(self, schema, depth):
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object" if "properties" in schema else None)
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object" or "required" in schema:
            wanted = schema.get("required", ())
            return {
                name: self.sample(inner, depth + 1)
                for name, inner in schema.get("properties", {}).items()
                if inner not in (True, False) and (name in wanted or depth < 3)
            }
        if kind == "array":
            count = max(schema.get("minItems", 1), 1 if depth < 4 else 0)
            return [self.sample(schema.get("items", True), depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        return {"boolean": True, "null": None}.get(kind) or self.text(schema)

    def text(self, schema):
        formats = {
            "date-time": "2026-01-01T00:00:00Z",
            "date": "2026-01-01",
            "email": "a@example.com",
            "uri": "https://example.com/",
            "uuid": "2f1f7a48-3b53-4b0d-8d3c-0d1e5a6f7a11",
        }
        text = formats.get(schema.get("format"), "x" * schema.get("minLength", 1))
        return text[: schema.get("maxLength", len(text))]


def with_stranger(value):
    if isinstance(value, dict):
        yield {**value, "yett_stranger": 1}
        for name, inner in value.items():
            yield from ({**value, name: altered} for altered in with_stranger(inner))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from ([*value[:i], altered, *value[i + 1 :]] for altered in with_stranger(inner))


def test_github_is_ready_in_time(tmp_path):
    """A fresh process loads and compiles GitHub's 13 MB in 1.5 s of CPU and 250 MB."""
    source = CORPORA / "openapi" / "github.json.gz"
    if not source.exists():
        pytest.skip(f"{source} is absent: set YETT_CORPORA")
    (tmp_path / "openapi.json").write_bytes(gzip.decompress(source.read_bytes()))
    (tmp_path / "yett.toml").write_text(
        '[api.x]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n'
    )
    script = """
        import json, pathlib, sys, time
        from yett.contract.load import load
        from yett.policy.shapes import compile_shapes
        shapes = compile_shapes(load(pathlib.Path(sys.argv[1])).apis[0])
        # Not ru_maxrss: Linux hands the parent's on through exec, and pytest's is large.
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        peak = int(status["VmHWM"].split()[0]) / 1024
        print(json.dumps([len(shapes), time.process_time(), peak]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    count, seconds, megabytes = json.loads(done.stdout)
    assert count == 1223
    assert seconds < 1.5
    assert megabytes < 250


def test_stripe_forms(tmp_path):
    """Requests as Stripe's clients send them are read through its own contract, strangers not."""
    source = CORPORA / "openapi" / "stripe.json.gz"
    if not source.exists():
        pytest.skip(f"{source} is absent: set YETT_CORPORA")
    (tmp_path / "openapi.json").write_bytes(gzip.decompress(source.read_bytes()))
    (tmp_path / "yett.toml").write_text(
        '[api.x]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n'
    )
    api = load(tmp_path).apis[0]
    shapes = compile_shapes(api)
    by_path = {(o.method, o.path): shapes[o.id] for o in api.operations}
    form = b"application/x-www-form-urlencoded"

    def post(path, text):
        return by_path["POST", path].body(text, form)

    found = post("/v1/subscriptions", b"customer=c&items[0][price]=p&items[0][quantity]=2")
    assert found.value == {"customer": "c", "items": [{"price": "p", "quantity": 2}]}
    found = post("/v1/customers", b"email=a%40b.co&metadata[k]=v&expand[]=x&address[line1]=y")
    assert found.value["metadata"] == {"k": "v"}
    for text in (b"email=a&role=admin", b"address[zz]=x", b"email=a&email=b", b"metadata[k]=%ff"):
        assert isinstance(post("/v1/customers", text), Fault)
    charges = by_path["GET", "/v1/charges"].parameters
    assert charges((), "limit=3&created[gte]=5&expand[]=data", {}).values["query"] == {
        "limit": 3,
        "created": {"gte": 5},
        "expand": ["data"],
    }
    bodies = [shape.body for shape in shapes.values() if shape.body is not None]
    multipart = b"multipart/form-data; boundary=B"
    assert all(isinstance(read(b"stranger=1", form), Fault) for read in bodies)
    assert all(isinstance(read(b"stranger=1", multipart), Fault) for read in bodies)
