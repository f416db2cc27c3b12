"""Schema objects are restated once and told apart by identity."""

from __future__ import annotations

import pytest

from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy import schemas as module
from yett.policy.notes import Notes
from yett.policy.schemas import Schemas, TooManySchemasError

DOCUMENT = {
    "components": {
        "schemas": {
            "A": {"$ref": "#/components/schemas/B"},
            "B": {"type": "object", "readOnly": True},
            "C": {"$ref": "#/components/schemas/C"},
            "D": "text",
        }
    }
}


@pytest.fixture
def report():
    return Report()


@pytest.fixture
def schemas(report):
    return Schemas(DOCUMENT, "3.1", Notes(report, Source()))


def test_one_node_however_it_is_spelled(schemas):
    """Two spellings of a reference, and a reference to a reference, are one node."""
    one = schemas.target("#/components/schemas/B")
    assert schemas.target("#/components/schem%61s/B") is one
    assert schemas.settle({"$ref": "#/components/schemas/A"}) is one


@pytest.mark.parametrize("name", ["C", "D", "Missing"])
def test_broken_references(schemas, report, name):
    """A reference that names no schema is `false` and an error."""
    assert schemas.settle({"$ref": f"#/components/schemas/{name}"}) is False
    assert [remark.rule.severity for remark in report.remarks] == ["error"]


def test_join(schemas):
    """Joined nodes are one node, the same for the same parts; one part stays itself."""
    one, two = {"type": "string"}, {"maxLength": 1}
    assert schemas.join([one, two]) is schemas.join([two, one])
    assert schemas.join([one, one]) is one
    assert schemas.join_alone(one) is schemas.join_alone(one) is not one


def test_read_only(schemas):
    """`readOnly` counts through references."""
    assert schemas.is_hidden({"$ref": "#/components/schemas/A"})
    assert not schemas.is_hidden({"type": "object"})


def test_bounded(schemas, monkeypatch):
    """A document with more schema objects than the cap is given up."""
    monkeypatch.setattr(module, "MAX_SCHEMA_NODES", 1)
    kept = [{"type": "string"}, {"type": "string"}]
    schemas.own(kept[0])
    with pytest.raises(TooManySchemasError):
        schemas.own(kept[1])


def test_write_only():
    """For responses it is `writeOnly` that takes a property out."""
    responses = Schemas(DOCUMENT, "3.1", Notes(Report(), Source()), hides="writeOnly")
    assert responses.is_hidden({"writeOnly": True})
    assert not responses.is_hidden({"readOnly": True})
