"""What cannot be told apart by path is said at the operation it is about."""

from __future__ import annotations

import json

import pytest

from yett.contract.errors import ContractError
from yett.contract.load import load
from yett.contract.report import findings
from yett.policy.compile import compile_policy


@pytest.fixture
def build(tmp_path):
    """Compile a document with one path on a line."""

    def make(*paths, more=""):
        listed = []
        for path in paths:
            names = [part.partition("}")[0] for part in path.split("{")[1:]]
            asked = [
                {"name": n, "in": "path", "required": True, "schema": {"type": "integer"}}
                for n in names
            ]
            get = {"security": [{}], "parameters": asked, "responses": {"200": {"description": ""}}}
            listed.append(f"{json.dumps(path)}: {json.dumps({'get': get})}")
        text = '{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {\n'
        (tmp_path / "openapi.json").write_text(text + ",\n".join(listed) + "}}")
        (tmp_path / "yett.toml").write_text(
            '[api.x]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n' + more
        )
        return compile_policy(load(tmp_path))

    return make


def test_a_crossing_has_a_place(build):
    """The warning names an operation, a file and a line."""
    policy = build("/z", "/a/{x}/c", "/a/b/{y}")
    (finding,) = findings(policy.remarks)
    assert (finding.rule, finding.severity) == ("route-crossing", "warning")
    assert finding.path.endswith("openapi.json")
    assert finding.line in {3, 4}
    assert finding.subject in {operation.id for operation in policy.operations[1:]}


def test_one_path_twice_is_refused_at_the_second(build):
    """Two names for one path leave no single operation."""
    with pytest.raises(ContractError) as caught:
        build("/t/{x}", "/t/{y}")
    (finding,) = caught.value.findings
    assert (finding.rule, finding.line, finding.hint) == (
        "route-conflict",
        3,
        "keep one of the two",
    )
    assert "/t/{x}" in finding.message


ISSUER = '[identity.builtin]\nurl = "https://a.test/auth"\naudience = "https://a.test"\n'


def test_an_operation_below_the_issuer_is_refused(build):
    """What could never be reached is said where it is declared."""
    with pytest.raises(ContractError) as caught:
        build("/auth/{x}", more=ISSUER)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.line) == ("route-conflict", 2)
    assert "below the issuer's path" in finding.message


def test_the_issuers_paths_are_its_own(build):
    """A template that fits them, too, does not get them: they are passwords and codes."""
    router = build("/{shop}/{page}", more=ISSUER).router
    assert router.find(("a", "1")) is not None
    for path in (("auth",), ("auth", "sign-in"), ("auth", "token"), ("auth", "")):
        assert router.find(path) is None
        assert router.fallback(path).pages
