import json

import pytest

from yett.cli.owner_guesses import OwnerGuessing
from yett.contract.described import answers
from yett.contract.load import load

TEXT = {"type": "string"}


@pytest.fixture
def find(tmp_path):
    def make(properties, required=(), version="3.1.0", sent=None):
        schemas = {
            "A": {"type": "object", "properties": properties, "required": list(required)},
            "Id": {"type": "integer"},
        }
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
        operation = {"responses": {"200": {"description": "", "content": content}}}
        document = {"openapi": version, "info": {"title": "t", "version": "1"}}
        document |= {"paths": {"/a": {"get": operation}}, "components": {"schemas": schemas}}
        (tmp_path / "o.json").write_text(json.dumps(document))
        (tmp_path / "yett.toml").write_text('[api.s]\nopenapi = "o.json"\nupstream = "http://h"\n')
        api = load(tmp_path).apis[0]
        nodes = answers(api.operations[0])
        return OwnerGuessing(api).find(nodes, (nodes,), ())

    return make


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("customer_id", "customer"),
        ("customerId", "customer"),
        ("owner", "owner"),
        ("userID", "user"),
        ("created_by", "created_by"),
    ],
)
def test_names_that_name_an_owner(find, name, attribute):
    """With and without `id`, in any spelling."""
    found = find({"id": TEXT, name: TEXT}, [name])
    assert (found.attribute, found.property, found.optional) == (attribute, name, False)
    assert found.places == (("components", "schemas", "A", "properties", name),)
    assert found.same == "principal"


@pytest.mark.parametrize("name", ["id", "title", "customers", "username"])
def test_names_that_do_not(find, name):
    """What only resembles one is left to a person."""
    assert find({name: TEXT}) is None


def test_the_most_telling_name_wins(find):
    """An owner before a user."""
    assert find({"user_id": TEXT, "owner_id": TEXT}).property == "owner_id"


@pytest.mark.parametrize("value", [{"type": ["string", "null"]}, TEXT])
def test_what_may_be_absent_is_asked_for(find, value):
    """Not required, or null."""
    required = ["owner"] if isinstance(value["type"], list) else []
    assert find({"owner": value}, required).optional


def test_beside_a_reference_nothing_counts_in_3_0(find):
    """There an integer cannot be compared, so nothing is drafted; from 3.1 on it can."""
    reference = {"owner": {"$ref": "#/components/schemas/Id"}}
    assert find(reference, version="3.0.3").same == ""
    assert find(reference).same == "principal"


def test_an_object_is_no_id(find):
    """Only texts and integers name somebody."""
    assert find({"owner": {"type": "object", "properties": {"id": TEXT}}}) is None
