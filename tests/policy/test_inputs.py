"""Parameters of the contract become a plan, or a named error."""

from __future__ import annotations

import pytest

from yett.contract.errors import ContractError
from yett.policy.inputs import template_names
from yett.policy.shapes import compile_shapes


def test_template_names():
    """The names of a template come in its order, also several in one segment."""
    assert template_names("/a/{b}/{c}.{d}") == ["b", "c", "d"]
    assert template_names("/a") == []


def test_order_of_the_template_counts(new_api, new_parameter):
    """Values come in the order of the template, however the parameters are listed."""
    api = new_api(
        path="/{a}/{b}",
        parameters=[
            new_parameter("b", "path", {"type": "integer"}),
            new_parameter("a", "path", {"type": "string"}),
        ],
    )
    read = compile_shapes(api)["x.op"].parameters
    assert read(("x", "5"), "", {}).values == {"path": {"b": 5, "a": "x"}}
    assert read(("x",), "", {}).code == "missing"


def test_path_parameters_must_be_in_the_path(new_api, new_parameter):
    """A path parameter the template does not have is an error."""
    with pytest.raises(ContractError, match="`b` is not in the path"):
        compile_shapes(new_api(path="/{a}", parameters=[new_parameter("b", "path", {})]))


def test_two_spread_objects(new_api, new_parameter):
    """Two objects cannot both spread over the query."""
    spread = {"type": "object", "properties": {"x": {}}}
    parameters = [new_parameter(n, "query", spread) for n in ("a", "b")]
    with pytest.raises(ContractError, match="both spread over the query"):
        compile_shapes(new_api(parameters=parameters))
