import json

import pytest
from click.testing import CliRunner

from yett.cli import coverage_records
from yett.cli.__main__ import main
from yett.cli.coverage import rows
from yett.contract.load import load
from yett.policy.authz.model import Located
from yett.policy.compile import compile_policy

BOOKING = {"$ref": "#/components/schemas/Booking"}


def answer(schema):
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def body(**properties):
    schema = {"type": "object", "properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


def operation(name, resource=None, responses=None, **more):
    about = {"type": "Booking"} | (resource or {})
    settings = more.pop("settings", {})
    return {
        "operationId": name,
        "x-yett": {"resource": about, **settings},
        "responses": responses or answer(BOOKING),
        **more,
    }


TEXT = {"type": "string", "maxLength": 9}
ONE = {"id": "path.id"}
ID = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
PAGE = {"type": "object", "properties": {"items": {"type": "array", "items": BOOKING}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "security": [{"token": []}],
    "paths": {
        "/bookings": {
            "get": operation("listBookings", {"items": "/items"}, answer(PAGE)),
            "post": operation(
                "createBooking",
                requestBody=body(note=TEXT, parent={**TEXT, "x-yett-ref": "Booking"}),
            ),
        },
        "/exports": {
            "get": operation("exportAll", {"items": "/items", "strict": True}, answer(PAGE))
        },
        "/bookings/{id}": {
            "parameters": ID,
            "get": operation(
                "getBooking", ONE | {"attrs": {"owner": "/owner", "status": "/status"}}
            ),
            "patch": operation(
                "changeBooking",
                ONE,
                requestBody=body(status=TEXT, name={**TEXT, "x-yett-class": "pii"}),
                settings={"sensitive": {"acr": "phr", "max_age": 60, "approvals": 2}},
            ),
            "delete": operation("deleteBooking", ONE, settings={"sensitive": True}),
        },
        "/bookings/{id}/confirm": {"parameters": ID, "post": operation("confirmBooking", ONE)},
        "/bookings/{id}/log": {
            "parameters": ID,
            "get": operation(
                "getLog", {"type": "Log", "id": "path.id"}, answer({"type": "object"})
            ),
        },
        "/me": {"get": {"operationId": "getMe", "responses": {}}},
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Booking": {
                "type": "object",
                "required": ["id", "owner", "status"],
                "x-yett-machine": {
                    "field": "status",
                    "initial": ["draft"],
                    "terminal": ["done"],
                    "operations": {
                        "confirmBooking": {"from": ["draft"], "to": "done"},
                        "deleteBooking": {"from": ["draft", "done"]},
                    },
                },
                "properties": {
                    "id": TEXT,
                    "owner": {**TEXT, "x-yett-ref": "User"},
                    "status": TEXT,
                    "name": {**TEXT, "x-yett-class": "pii"},
                    "price": {**TEXT, "x-yett-class": "money"},
                },
            }
        },
    },
}
CONFIG = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:8000"\n'


@pytest.fixture
def folder(tmp_path):
    def write(policies, config=CONFIG):
        (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
        (tmp_path / "yett.toml").write_text(config)
        (tmp_path / "policies").mkdir(exist_ok=True)
        (tmp_path / "policies/a.cedar").write_text(policies)
        return tmp_path

    return write


@pytest.fixture
def table(folder):
    contract = load(folder(OWN))
    return {
        row.operation.removeprefix("shop."): row for row in rows(contract, compile_policy(contract))
    }


OWN = """
@id("own") permit(principal is User, action in [Action::"listBookings", Action::"exportAll",
  Action::"getBooking", Action::"changeBooking", Action::"confirmBooking"], resource is Booking)
  when { resource.owner == principal };
@id("new") permit(principal, action == Action::"createBooking", resource)
  when { context.secure };
@id("gone") permit(principal, action == Action::"deleteBooking", resource is Booking)
  when { principal.id == "admin" };
@id("pii") permit(principal is User, action in Action::"read:pii", resource is Booking)
  when { resource.owner == principal };
"""


@pytest.mark.parametrize(
    ("name", "record", "rules"),
    [
        ("listBookings", "response, each", "own"),
        ("exportAll", "response, all or none", "own"),
        ("getBooking", "response", "own"),
        ("changeBooking", "read-before-write", "own"),
        ("confirmBooking", "read-before-write", "own, state:confirmBooking"),
        ("createBooking", "before", "new"),
        ("getMe", "-", "-"),
    ],
)
def test_where_rules_are_checked(table, name, record, rules):
    """Each operation with its place and the rules that decide there."""
    assert (table[name].record, table[name].rules) == (record, rules)


def test_references_name_what_they_lead_to(table):
    """An id in a body, and the type of record that it names."""
    assert table["createBooking"].references == "/parent: Booking"
    assert table["getBooking"].references == "-"


def test_fields_name_their_classes(table):
    """What is shown and what is written, and what nobody is permitted."""
    assert table["getBooking"].fields == "shows money (to nobody) pii"
    assert table["changeBooking"].fields == "shows money (to nobody) pii, writes pii (to nobody)"
    assert table["getMe"].fields == "-"


def test_states_name_the_move(table):
    """From, to; a body that sets the state moves it as well."""
    assert table["confirmBooking"].states == "draft > done"
    assert table["deleteBooking"].states == "draft or done > the same"
    assert table["changeBooking"].states == "moves by /status"
    assert table["getBooking"].states == "-"


def test_sensitive_names_what_is_asked(table):
    """Step-up, approvals, or nothing but a durable record."""
    assert table["changeBooking"].sensitive == "acr phr, 60 s, 2 approvals"
    assert table["deleteBooking"].sensitive == "recorded"
    assert table["getMe"].sensitive == "-"


def test_a_rule_that_cannot_be_checked_is_loud(folder):
    """Every call is refused, and the table and the count say so."""
    result = CliRunner().invoke(main, ["-C", str(folder(OWN)), "check"])
    assert "NOT CHECKABLE" not in result.output
    # A new record shows no owner, and without the rule for new ones nothing else permits it.
    policy = OWN.replace('Action::"listBookings", ', 'Action::"createBooking", ')
    policy = policy.replace('@id("new") permit', '@id("new") forbid')
    result = CliRunner().invoke(main, ["-C", str(folder(policy)), "check"])
    assert result.exit_code == 1
    assert "NOT CHECKABLE" in result.output
    assert "1 refused, because a rule cannot be checked" in result.output


def test_the_mode_is_said_when_it_is_not_enforced(folder):
    """`observe` records and refuses nothing."""
    modes = '[rules]\nrecords = "observe"\nsensitive = "off"\nfields = "observe"\n'
    contract = load(folder(OWN, CONFIG + modes))
    found = {row.operation: row for row in rows(contract, compile_policy(contract))}
    row = found["shop.changeBooking"]
    assert row.record == "read-before-write (observe)"
    assert row.fields.endswith("(observe)")
    assert row.sensitive.endswith("(off)")
    assert row.reads_record


def test_the_second_table_has_only_what_is_used(folder):
    """A line for each operation that is asked more than a credential."""
    result = CliRunner().invoke(main, ["-C", str(folder(OWN)), "check"])
    head = next(line for line in result.output.splitlines() if " record " in line)
    assert head.split() == [
        "operation", "record", "rules", "besides",
    ]  # fmt: skip
    assert sum(line.startswith("shop.getMe") for line in result.output.splitlines()) == 1
    assert sum(line.startswith("shop.getBooking") for line in result.output.splitlines()) == 3
    assert "6 with rules that read a record" in result.output


def test_a_program_gets_the_same(folder):
    """JSON has every column for every operation."""
    result = CliRunner().invoke(main, ["-C", str(folder(OWN)), "check", "--format", "json"])
    found = {row["operation"]: row for row in json.loads(result.output)["coverage"]}
    assert found["shop.getBooking"]["record"] == "response"
    assert found["shop.getBooking"]["rules"] == "own"
    assert found["shop.getMe"]["record"] == "-"


@pytest.mark.parametrize(
    ("located", "text"),
    [
        (Located("path", "id"), "path.id"),
        (Located("body", pointer=("a", "b")), "/a/b"),
        (Located("body"), "/"),
    ],
)
def test_a_place_is_named_as_in_the_contract(located, text):
    """What stands in the table can be found in the overlay."""
    assert coverage_records.place(located) == text
