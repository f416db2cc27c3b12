import pytest

from yett.contract.described import EVERY, Described, answers, requests
from yett.contract.places import read_pointer


@pytest.fixture
def described(contract, good):
    good["components"]["schemas"] |= {
        "Page": {
            "allOf": [
                {"properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Trip"}}}},
                {"properties": {"total": {"type": ["integer", "null"]}}},
            ]
        },
        "Trip": {
            "oneOf": [{"$ref": "#/components/schemas/Bus"}, {"properties": {"car": {"type": "string"}}}],
            "properties": {"self": {"$ref": "#/components/schemas/Trip"}},
        },
        "Bus": {"properties": {"line": {"enum": ["a", "b"]}, "kind": {"const": "c"}}},
    }  # fmt: skip
    api = contract(good).apis[0]
    return Described(api), ({"$ref": "#/components/schemas/Page"},)


@pytest.mark.parametrize(
    ("pointer", "types"),
    [
        ("/items", {"array"}),
        ("/total", {"integer"}),
        ("/items/0/car", {"string"}),
        (f"/items/{EVERY}/self/self/car", {"string"}),
        ("/nothing", set()),
        ("/total/more", set()),
        ("/items/car", set()),
    ],
)
def test_a_pointer_is_followed_through_branches_and_references(described, pointer, types):
    """All branches count, because a value may come by any; circles end."""
    reading, nodes = described
    assert reading.types(reading.at(nodes, read_pointer(pointer))) == types


def test_names_and_values_are_those_of_all_branches(described):
    """What a hint offers, and what a state may be."""
    reading, nodes = described
    trip = reading.at(nodes, ("items", EVERY))
    assert set(reading.names(trip)) == {"self", "line", "kind", "car"}
    assert reading.values(reading.at(trip, ("line",))) == {"a", "b"}
    assert reading.values(reading.at(trip, ("kind",))) == {"c"}
    assert reading.values(reading.at(trip, ("car",))) is None


def test_answers_are_the_good_json_ones(contract, good):
    """2xx and `default`, JSON by whatever name; a request's body likewise."""
    schema = {"type": "object"}
    json = {"content": {"application/json": {"schema": schema}}}
    good["paths"]["/bookings/{id}"]["put"]["responses"] = {
        "200": {"description": "", "content": {"application/hal+json": {"schema": {"type": "array"}}}},
        "404": {"description": "", **json},
        "201": {"description": "", "content": {"text/csv": {"schema": {"type": "string"}}}},
        "default": {"description": "", **json},
    }  # fmt: skip
    operation = contract(good).apis[0].operations[1]
    assert answers(operation) == ({"type": "array"}, schema)
    assert len(requests(operation)) == 1


def test_an_answer_of_any_type_may_be_json(contract, good):
    """Springdoc declares `*/*`: what is declared there counts, or a pointer into it would not."""
    schema = {"type": "object"}
    anything = {"description": "", "content": {"*/*": {"schema": schema}}}
    good["paths"]["/bookings/{id}"]["put"]["responses"] = {"200": anything}
    assert answers(contract(good).apis[0].operations[1]) == (schema,)


def test_a_long_union_is_bounded(described):
    """A schema made to cost has an end."""
    reading, _ = described
    many = {"anyOf": [{"type": "object"} for _ in range(10_000)]}
    assert len(reading.applying((many,))) == 256
