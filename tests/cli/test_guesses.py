import json

import pytest

from yett.cli.guesses import guess_records
from yett.contract.load import load

TEXT = {"type": "string", "maxLength": 9}
ID = [{"name": "trip_id", "in": "path", "required": True, "schema": TEXT}]
TRIP = {"$ref": "#/components/schemas/Trip"}


def answer(schema):
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def page(**more):
    items = {"type": "array", "items": TRIP}
    return {"type": "object", "properties": {"found": items, "total": {"type": "integer"}, **more}}


PATHS = {
    "/trips": {
        "get": {"operationId": "listTrips", "responses": answer(page())},
        "post": {"operationId": "addTrip", "responses": answer(TRIP)},
    },
    "/trips/{trip_id}": {
        "parameters": ID,
        "get": {"operationId": "getTrip", "responses": answer(TRIP)},
        "delete": {"operationId": "dropTrip", "responses": {}},
    },
    "/trips/{trip_id}/book": {"parameters": ID, "post": {"operationId": "bookTrip", "responses": {}}},
    "/trips/{trip_id}/log": {"parameters": ID, "get": {"operationId": "getLog", "responses": {}}},
    "/health": {"get": {"operationId": "health", "responses": {}}},
}  # fmt: skip
PROPERTIES = {"trip_id": TEXT, "customerId": TEXT, "status": TEXT}


@pytest.fixture
def guess(tmp_path):
    def make(paths=PATHS, properties=PROPERTIES, version="3.1.0", **schemas):
        trip = {"type": "object", "required": ["customerId"], "properties": properties}
        document = {
            "openapi": version,
            "info": {"title": "t", "version": "1"},
            "paths": paths,
            "components": {"schemas": {"Trip": trip, **schemas}},
        }
        (tmp_path / "o.json").write_text(json.dumps(document))
        (tmp_path / "yett.toml").write_text('[api.s]\nopenapi = "o.json"\nupstream = "http://h"\n')
        return guess_records(load(tmp_path))

    return make


def test_operations_around_an_id_are_about_one_record(guess):
    """Reads, writes, actions below it, the list and what makes one; nothing else."""
    (found,) = guess()
    assert found.type == "Trip"
    assert {o.id: resource for o, resource in found.about} == {
        "s.listTrips": {"type": "Trip", "items": "/found", "totals": ["/total"]},
        "s.addTrip": {"type": "Trip"},
        "s.getTrip": {
            "type": "Trip",
            "id": "path.trip_id",
            "attrs": {"customer": "/customerId", "status": "/status"},
            "key": "/trip_id",
        },
        "s.dropTrip": {"type": "Trip", "id": "path.trip_id"},
        "s.bookTrip": {"type": "Trip", "id": "path.trip_id"},
    }
    assert [o.id for o in found.new] == ["s.addTrip"]


def test_an_answer_that_is_the_list_is_one(guess):
    """`items: ""` for an array without an object around it."""
    paths = PATHS | {"/trips": {"get": {"responses": answer({"type": "array", "items": TRIP})}}}
    (found,) = guess(paths)
    assert found.about[0][1] == {"type": "Trip", "items": ""}


def test_without_a_named_schema_the_path_names_the_type(guess):
    """`/trip-legs/{id}` is about a `TripLeg`, `/cities/{id}` about a `City`."""
    inline = {"type": "object", "properties": {"id": TEXT}}
    item = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
        "get": {"responses": answer(inline)},
    }
    found = guess({"/trip-legs/{id}": item, "/cities/{id}": item})
    assert [one.type for one in found] == ["TripLeg", "City"]
    assert [one.owner for one in found] == [None, None]


def test_nothing_is_guessed_where_nothing_shows(guess):
    """Files, empty answers, and names that Cedar does not take."""
    assert guess({"/health": PATHS["/health"]}) == ()
    item = {
        "parameters": ID,
        "get": {"responses": answer({"type": "object", "properties": {"id": TEXT}})},
    }
    assert guess({"/2024/{trip_id}": item}) == ()
