"""Functions are shared by equal places, absent where there is nothing to do, and end."""

from __future__ import annotations

import copy
import gzip
import os
from pathlib import Path

import pytest

from yett.contract.load import load
from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy.declared import Answers
from yett.policy.notes import Notes
from yett.policy.pruning import Pruning
from yett.policy.schemas import Schemas

CORPORA = Path(os.environ.get("YETT_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))


def pruning(**components):
    document = {"components": {"schemas": components}}
    return Pruning(Schemas(document, "3.1", Notes(Report(), Source()), hides="writeOnly"))


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def test_nothing_to_do_has_no_function():
    """Scalars, open objects and arrays of them cost nothing at run time."""
    made = pruning(Loop={"items": ref("Loop")})
    for node in ({"type": "string"}, {"type": "object"}, {"items": {"type": "string"}}, True, {}):
        assert made.of(node) is None


def test_equal_places_share_a_function():
    """However a component is referred to, it is compiled once."""
    made = pruning(A={"properties": {"x": {}}})
    first = made.of(ref("A"))
    assert made.of({"allOf": [ref("A")]}) is first
    assert made.of({"oneOf": [ref("A"), {"type": "null"}]}) is first


def test_circles_end():
    """A schema that contains or refers to itself compiles, and works as deep as the value is."""
    made = pruning(
        Tree={"properties": {"left": ref("Tree"), "right": ref("Tree")}},
        Self={"allOf": [ref("Self")]},
        Ring={"anyOf": [ref("Ring"), {"properties": {"a": ref("Ring")}}]},
    )
    value: dict = {"x": 1}
    for _ in range(60):
        value = {"left": value, "y": 1}
    made.of(ref("Tree"))(value)
    for _ in range(60):
        assert set(value) == {"left"}
        value = value["left"]
    assert value == {}
    made.of(ref("Self"))
    ring = {"a": {"a": {"b": 1}, "c": 1}}
    made.of(ref("Ring"))(ring)
    assert ring == {"a": {"a": {}}}


def test_an_heir_does_not_get_what_its_siblings_have():
    """A base that names its heirs does not open each of them for all."""
    mapping = {"dog": "#/components/schemas/Dog", "cat": "#/components/schemas/Cat"}
    base = {
        "properties": {"kind": {}},
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    made = pruning(
        Pet=base,
        Dog={"allOf": [ref("Pet"), {"properties": {"bark": {}}}]},
        Cat={"allOf": [ref("Pet"), {"properties": {"meow": {}}}]},
    )
    dog = {"kind": "dog", "bark": 1, "meow": 1}
    made.of({"oneOf": [ref("Dog"), {"type": "null"}]})(dog)
    assert dog == {"kind": "dog", "bark": 1}
    either = {"kind": "?", "bark": 1, "meow": 1, "z": 1}
    made.of({"oneOf": [ref("Pet"), {"properties": {"y": {}}}]})(either)
    assert either == {"kind": "?", "bark": 1, "meow": 1}


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    source = CORPORA / "openapi" / "github.json.gz"
    if not source.exists():
        pytest.skip(f"{source} is absent: set YETT_CORPORA")
    folder = tmp_path_factory.mktemp("github")
    (folder / "openapi.json").write_bytes(gzip.decompress(source.read_bytes()))
    (folder / "yett.toml").write_text(
        '[api.x]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n'
    )
    return load(folder).apis[0]


def test_github_s_own_examples_stay_whole(github):
    """Of 1,035 example answers 109 hold what their schema does not declare; the rest is kept."""
    answers = Answers(github, Report())
    total = cut = 0
    for operation in github.operations:
        declared = answers.declared(operation)
        responses = github.document["paths"][operation.path][operation.method.lower()]["responses"]
        for status, response in responses.items():
            keep = declared.keep.get(status) if declared is not None else None
            for example in _examples(github.document, response) if keep else ():
                left, lost = keep(copy.deepcopy(example))
                total += 1
                cut += bool(lost)
                assert bool(lost) == (left != example)
                assert keep(left)[1] == ()
    assert (total, cut) == (1035, 109)


def _examples(document, response):
    for name, media in _follow(document, response).get("content", {}).items():
        if "json" in name:
            found = [media["example"]] if "example" in media else []
            named = (_follow(document, one) for one in media.get("examples", {}).values())
            yield from [*found, *(one["value"] for one in named if "value" in one)]


def _follow(document, node):
    while "$ref" in node:
        found = document
        for token in node["$ref"][2:].split("/"):
            found = found[token.replace("~1", "/").replace("~0", "~")]
        node = found
    return node
