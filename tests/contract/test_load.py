"""Whole folders: what loads, and every way to be refused by name."""

import contextlib
import copy
import gc
import json
import os
import subprocess
import sys

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.contract.errors import ContractError
from yett.contract.load import load
from yett.contract.report import findings

SCHEMA_A = {"$ref": "#/components/schemas/A"}


def refused(folder):
    with pytest.raises(ContractError) as caught:
        load(folder)
    return caught.value.findings


def test_a_good_folder_loads(contract):
    """Operations, base, digest; nothing to remark."""
    made = contract()
    assert [o.id for o in made.apis[0].operations] == [
        "shop.getBooking",
        "shop.putBooking",
        "shop.health",
    ]
    assert made.apis[0].base == "/v1"
    assert len(made.digest) == 64
    assert made.remarks == ()


def test_json_and_yaml_mean_the_same(folder, good):
    """The same document in both gives the same operations."""
    first = load(folder(good)).apis[0]
    text = yaml.safe_dump(good, sort_keys=False)
    config = '[api.shop]\nopenapi = "openapi.yaml"\nupstream = "http://127.0.0.1:8000"\n'
    second = load(folder(text, config, name="openapi.yaml")).apis[0]
    assert first.document == second.document
    assert [o.id for o in first.operations] == [o.id for o in second.operations]


def test_the_digest_is_of_everything_read(folder, good):
    """Any file's change is another contract; nothing else is."""
    first = load(folder(good)).digest
    assert load(folder(good)).digest == first
    good["info"]["title"] = "other"
    assert load(folder(good)).digest != first


OVERLAID = '[api.shop]\nopenapi = "openapi.json"\noverlay = "overlay.yaml"\nupstream = "http://h"\n'
OVERLAY = """overlay: 1.0.0
info: {title: gate, version: 1.0.0}
actions:
  - target: $.paths['/health'].get
    update:
      x-yett: {public: true, %s}
"""


def test_an_overlay_reaches_the_settings(contract, good):
    """What it adds is what the operation has."""
    made = contract(good, OVERLAID, overlay__yaml=OVERLAY % "cost: 3")
    assert made.apis[0].operations[2].settings.public is True
    assert made.apis[0].operations[2].settings.cost == 3


def test_a_mistake_in_an_overlay_is_found_in_the_overlay(folder, good):
    """Path and line are of the file that has to be mended."""
    (found,) = refused(folder(good, OVERLAID, overlay__yaml=OVERLAY % "cots: 3"))
    assert (found.path.rpartition("/")[2], found.line) == ("overlay.yaml", 6)
    assert found.hint == "did you mean `cost`?"


def test_mistakes_of_several_apis_come_together(folder, good):
    """One run names them all."""
    config = "".join(
        f'[api.{name}]\nopenapi = "{file}"\nupstream = "http://h"\n'
        for name, file in (("a", "nope.json"), ("b", "openapi.json"), ("c", "c.yaml"))
    )
    good["openapi"] = "9"
    found = refused(folder(good, config, c__yaml="a:\n\tb"))
    assert {f.rule for f in found} == {"config-file", "openapi-version", "document-syntax"}


@pytest.mark.parametrize(
    ("config", "line", "words"),
    [
        ('[gateway.tls]\ncert = "c.pem"\nkey = "k.pem"\n', 5, "there is no file `c.pem`"),
        ('[authz]\nread_as = "token"\n', 5, "there is no file `token`"),
    ],
)
def test_files_that_are_named_must_be_there(folder, good, config, line, words):
    """Found before anything is served."""
    base = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://h"\n'
    found = refused(folder(good, base + config))[0]
    assert (found.rule, found.line) == ("config-file", line)
    assert words in found.message


def test_a_key_set_may_come_later(contract, good):
    """The contract can be checked where the issuer's keys are not; serving without is refused."""
    base = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://h"\n'
    issuer = '[[identity.issuer]]\nurl = "https://i"\naudience = "a"\nalgorithms = ["ES256"]\n'
    (found,) = findings(contract(good, base + issuer + 'jwks = "keys.json"\n').remarks)
    assert (found.rule, found.severity, found.line) == ("config-keys", "warning", 8)
    assert "`keys.json`" in found.message
    assert "`jwks_uri`" in found.hint


def test_a_key_file_that_is_not_there_yet_is_a_warning(contract, good):
    """`yett key create` writes it; until then no key is accepted."""
    base = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://h"\n[identity]\nkeys = "k"\n'
    assert findings(contract(good, base).remarks)[0].rule == "config-hazard"


def test_a_folder_without_contract_is_named(tmp_path):
    """With a way on."""
    (found,) = refused(tmp_path)
    assert "yett init" in found.hint


def put(value, *path):
    """Return a mutilation that sets the value at a path of the good document."""

    def bend(document):
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        return document

    return bend


def cut(size):
    return lambda document: json.dumps(document, indent=1)[:size]


GET = ("paths", "/bookings/{id}", "get")
PUT = ("paths", "/bookings/{id}", "put")
BODY = (*PUT, "requestBody")
MUTILATIONS = [
    (cut(100), "document-syntax"),
    (cut(1000), "document-syntax"),
    (cut(-1), "document-syntax"),
    (cut(0), "document-syntax"),
    (lambda d: json.dumps(d).replace('"get"', '"put"'), "document-duplicate-key"),
    (lambda d: json.dumps(d).replace('"1"', "NaN"), "document-syntax"),
    (lambda d: json.dumps(d).encode("utf-16"), "document-encoding"),
    (lambda d: json.dumps(d).replace("bookings", "\\ud800"), "document-syntax"),
    (lambda d: "[" * 5000, "document-bounds"),
    (lambda d: json.dumps([d]), "openapi-version"),
    (put("2.0", "swagger"), "openapi-version"),
    (put("3.3.0", "openapi"), "openapi-version"),
    (put([], "paths"), "openapi-shape"),
    (put({}, "paths"), "openapi-shape"),
    (put([], "paths", "/health"), "openapi-shape"),
    (put(3, "paths", "/health", "get"), "openapi-shape"),
    (put({}, "paths", "health"), "openapi-path"),
    (put({"get": {}}, "paths", "/x/{y}"), "openapi-path"),
    (put({"get": {}}, "paths", "/x/{y"), "openapi-path"),
    (put({"gte": {}}, "paths", "/x"), "openapi-shape"),
    (put({"$ref": "#/components/pathItems/nope"}, "paths", "/x"), "openapi-ref"),
    (put({"$ref": "https://evil.example/x.json"}, "paths", "/x"), "openapi-ref"),
    (put({"$ref": "#/paths/~1x"}, "paths", "/x"), "openapi-ref"),
    (put("health", *GET, "operationId"), "openapi-operation-id"),
    (put(3, *GET, "operationId"), "openapi-shape"),
    (put({}, *GET, "parameters"), "openapi-shape"),
    (put([3], *GET, "parameters"), "openapi-shape"),
    (put([{}], *GET, "parameters"), "openapi-parameter"),
    (put([{"name": "b", "in": "body"}], *GET, "parameters"), "openapi-parameter"),
    (put([{"$ref": "#/components/parameters/nope"}], *GET, "parameters"), "openapi-ref"),
    (put([{"$ref": "../common.yaml#/p"}], *GET, "parameters"), "openapi-ref"),
    (put("matrix", "components", "parameters", "filter", "style"), "openapi-parameter"),
    (put("yes", "components", "parameters", "filter", "explode"), "openapi-shape"),
    (put([], *GET, "responses"), "openapi-shape"),
    (put({}, *GET, "responses", "20O"), "openapi-shape"),
    (put({"$ref": "#/components/responses/nope"}, *GET, "responses", "404"), "openapi-ref"),
    (put([], *BODY), "openapi-shape"),
    (put([], *BODY, "content"), "openapi-shape"),
    (put({"json": {}}, *BODY, "content"), "openapi-shape"),
    (put("true", *BODY, "required"), "openapi-shape"),
    (
        put({"$ref": "file:///etc/passwd"}, *BODY, "content", "application/json", "schema"),
        "openapi-ref",
    ),
    (
        put({"$ref": "x.json"}, "components", "schemas", "Booking", "properties", "note"),
        "openapi-ref",
    ),
    (put([{"barer": []}], *GET, "security"), "openapi-security"),
    (put([{"bearer": None}], *GET, "security"), "openapi-shape"),
    (put({}, *GET, "security"), "openapi-shape"),
    (put("bearer", "security"), "openapi-shape"),
    (put("token", "components", "securitySchemes", "bearer", "type"), "openapi-security"),
    (put([], "components", "securitySchemes"), "openapi-shape"),
    (put([], "components"), "openapi-shape"),
    (put([{"url": "/{v}"}], "servers"), "openapi-server"),
    (put([3], "servers"), "openapi-shape"),
    (put({"limt": "1/s per ip"}, *GET, "x-yett"), "extension-unknown"),
    (put([], *GET, "x-yett"), "extension-value"),
    (put({}, "x-yett"), "extension-misplaced"),
    (put(1, *GET, "x-yett-tekst"), "extension-unknown"),
]


@pytest.mark.parametrize(("bend", "rule"), MUTILATIONS)
def test_a_mutilated_document_is_refused_by_name_and_line(folder, good, bend, rule):
    """Fifty ways to break a document: an error of the expected rule, with file, line and words."""
    found = refused(folder(bend(good)))[0]
    assert found.rule == rule
    assert found.severity == "error"
    assert found.path.endswith("openapi.json")
    assert found.message
    if rule not in (
        "document-syntax",
        "document-encoding",
        "document-bounds",
        "openapi-version",
        "document-duplicate-key",
    ):
        assert found.line > 1


VALUES = st.sampled_from(
    [
        None, True, 0, -1, 1.5, "", "x", "#", "#/", "#/paths", "http://x#/y", "a.yaml#/b", [], {}, [None],
        {"a": None}, SCHEMA_A, {"$ref": 1}, {"$ref": "#/components/schemas/Booking"}, [[]], {"x-yett": {}},
        {"x-yettt": 1}, "\ud7ff\x00", "{a}", "/{", "3.2.0", "swagger", "array", ["object"],
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    ["$ref", "x-yett", "x-yett-text", "get", "allOf", "type", "in", "a b", "ü", "items"]
)


def places(value, path=()):
    yield path
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in members:
        yield from places(inner, (*path, key))


def mutate(document, data):
    """Replace, remove, rename or copy one part of a document."""
    path = data.draw(st.sampled_from([p for p in places(document) if p]))
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    how = data.draw(st.sampled_from(["replace", "remove", "rename", "copy"]))
    if how == "replace":
        holder[path[-1]] = copy.deepcopy(data.draw(VALUES))
    elif how == "copy":
        other = document
        for key in data.draw(st.sampled_from(list(places(document)))):
            other = other[key]
        holder[path[-1]] = copy.deepcopy(other)
    else:
        value = holder.pop(path[-1])
        if how == "rename" and isinstance(holder, dict):
            holder[data.draw(NAMES)] = value


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_mutation_raises_anything_but_a_contract_error(folder, good, data):
    """Structure bent at random: the answer is a contract or its mistakes, each with a line."""
    document = copy.deepcopy(good)
    for _ in range(data.draw(st.integers(1, 4))):
        mutate(document, data)
    with contextlib.suppress(ContractError):
        made = load(folder(document))
        findings(made.remarks)


@pytest.mark.parametrize(
    ("name", "operations"), [("github", 1223), ("stripe", 402), ("box", 277), ("openai", 281)]
)
def test_real_descriptions_load(corpus, name, operations):
    """What vendors publish is read; their slips are warnings, and each has a line."""
    contract = load(corpus(name))
    assert len(contract.apis[0].operations) == operations
    found = findings(contract.remarks)
    assert all(
        f.severity == "warning" and f.line and f.hint for f in found if f.rule != "schema-keyword"
    )


def test_the_biggest_real_description_is_fast_and_small(corpus):
    """GitHub's 13 MB: the measured 0.4 s of CPU and 90 MB, with a wide margin for busy machines."""
    code = (
        "import sys, time, pathlib\n"
        "from yett.contract.load import load\n"
        "load(pathlib.Path(sys.argv[1]))\n"
        # Not ru_maxrss: Linux hands the parent's on through exec, and pytest's is large.
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(time.process_time(), int(status['VmHWM'].split()[0]) / 1024)\n"
    )
    command = [sys.executable, "-c", code, str(corpus("github"))]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout
    seconds, megabytes = map(float, out.split())
    assert seconds < 2.0
    assert megabytes < 180


def test_the_collector_is_left_as_it_was(folder, good):
    """Loading switches it off for a moment only, also when it fails."""
    load(folder(good))
    assert gc.isenabled()
    refused(folder("{"))
    assert gc.isenabled()
