import json

import pytest

from yett.cli.coverage import COLUMNS, Row, rows
from yett.contract.load import load
from yett.policy.compile import compile_policy


@pytest.fixture
def table(tmp_path):
    def make(operation, **root):
        document = {
            "openapi": "3.1.0",
            "paths": {"/a": {"get": operation}},
            "components": {
                "securitySchemes": {n: {"type": "http", "scheme": "bearer"} for n in ("b", "c")}
            },
            **root,
        }
        (tmp_path / "o.json").write_text(json.dumps(document))
        (tmp_path / "yett.toml").write_text('[api.s]\nopenapi = "o.json"\nupstream = "http://h"\n')
        contract = load(tmp_path)
        (row,) = rows(contract, compile_policy(contract))
        return row

    return make


def test_columns_are_the_fields_of_a_row():
    """The table shows all of it."""
    assert Row.__struct_fields__ == COLUMNS


@pytest.mark.parametrize(
    ("operation", "credential", "scopes"),
    [
        ({}, "refused", "-"),
        ({"x-yett": {"public": True}}, "public", "-"),
        ({"security": []}, "anonymous", "-"),
        ({"security": [{"b": ["y", "x"]}]}, "b", "x y"),
        ({"security": [{"b": ["x"]}, {"c": ["x"]}]}, "b or c", "x"),
        ({"security": [{"b": ["x"], "c": []}, {"c": ["z"]}]}, "b+c or c", "x or z"),
        (
            {"security": [{"b": []}], "x-yett": {"modes": {"credential": "observe"}}},
            "b (observe)",
            "-",
        ),
    ],
)
def test_who_may_call(table, operation, credential, scopes):
    """Drawn from the compiled policy, with the mode when it is not enforced."""
    row = table(operation)
    assert (row.credential, row.scopes) == (credential, scopes)


def test_what_may_be_sent(table):
    """A streamed body is said to be unread."""
    body = {"content": {"application/octet-stream": {}}}
    assert (
        table({"requestBody": body, "x-yett": {"stream": "request"}}).body == "octet-stream, unread"
    )
    text = {"content": {"application/json": {"schema": {"properties": {"n": {"type": "string"}}}}}}
    read = table({"requestBody": text})
    assert (read.unknown_fields, read.injection) == ("enforce", "enforce")
    unread = table({"requestBody": text, "x-yett": {"stream": "both"}})
    assert (unread.unknown_fields, unread.injection) == ("-", "-")
    assert table({}).body == "none taken"
    assert table({}).parameters == "none taken"
    assert table({}).limits == "2 default"
