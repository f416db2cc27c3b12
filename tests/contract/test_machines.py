import pytest

from yett.contract.errors import ContractError
from yett.contract.model import Machine, Move

MACHINE = {
    "field": "status",
    "initial": ["draft"],
    "terminal": ["done"],
    "operations": {"putBooking": {"from": ["draft"], "to": "done"}},
}


def on_schema(good, value=MACHINE, **more):
    good["components"]["schemas"]["Booking"]["x-yett-machine"] = {**value, **more}
    return good


def on_operation(good, value=MACHINE, resource=True):
    operation = good["paths"]["/bookings/{id}"]["put"]
    operation["x-yett-machine"] = value
    if resource:
        operation["x-yett"] = {"resource": {"type": "Trip", "id": "path.id"}}
    return good


def machines(contract, document, *more):
    return contract(document, *more).apis[0].machines


def test_a_schema_names_the_type(contract, good):
    """The machine of `components.schemas.Booking` is that of `Booking`."""
    (found,) = machines(contract, on_schema(good))
    assert found == Machine(
        type="Booking",
        field="status",
        initial=("draft",),
        terminal=("done",),
        operations={"putBooking": Move(start=("draft",), to="done")},
        source=found.source,
    )
    assert found.source.line > 1


def test_an_operation_lends_the_type_of_its_record(contract, good):
    """On an operation the states are those of its resource."""
    (found,) = machines(contract, on_operation(good))
    assert found.type == "Trip"


def test_a_type_that_is_written_wins(contract, good):
    """A schema may have another name than the record type."""
    (found,) = machines(contract, on_schema(good, type="Trip"))
    assert found.type == "Trip"


def test_an_overlay_may_bring_it(contract, good):
    """The line is the overlay's, because that is the file to mend."""
    config = '[api.shop]\nopenapi = "openapi.json"\noverlay = "o.yaml"\nupstream = "http://h"\n'
    overlay = """overlay: 1.0.0
info: {title: t, version: 1.0.0}
actions:
  - target: $.components.schemas.Booking
    update:
      x-yett-machine: {field: status, initial: [draft], operations: {}}
"""
    (found,) = contract(good, config, o__yaml=overlay).apis[0].machines
    assert found.source.path.endswith("o.yaml")
    assert found.source.line == 6


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"field": 3}, "`field`: `3` is not a string"),
        ({"fild": "status"}, "`fild` is not known"),
        ({"initial": "draft"}, "`initial`"),
        ({"operations": {"putBooking": {"to": "done"}}}, "`from` is missing"),
        ({"operations": {"putBooking": {"from": ["draft"], "two": "x"}}}, "`two` is not known"),
        ({"operations": {"putBoking": {"from": ["draft"]}}}, "no operation is named `putBoking`"),
        ({"operations": {"putBooking": {"from": [], "to": "done"}}}, "may start from no state"),
        ({"field": "st atus"}, "`st atus` is not a name"),
        ({"type": "Set"}, "`Set` is a name that Cedar or yett has taken"),
        ({"initial": []}, "begins in no state"),
    ],
)
def test_a_mistake_refuses_the_contract(contract, good, value, words):
    """A move that is misspelt would leave its operation free in every state."""
    with pytest.raises(ContractError) as caught:
        machines(contract, on_schema(good, **value))
    finding = caught.value.findings[0]
    assert words in finding.message
    assert finding.line > 1


def test_a_new_record_starts_from_nowhere(contract, good):
    """An operation without an id makes the record: it may start from nothing, into `initial`."""
    good["paths"]["/bookings"] = {
        "post": {"operationId": "addBooking", "x-yett": {"resource": {"type": "Booking"}}}
    }
    moves = {"addBooking": {"from": [], "to": "draft"}}
    (found,) = machines(contract, on_schema(good, operations=moves))
    assert found.operations["addBooking"] == Move(start=(), to="draft")
    with pytest.raises(ContractError, match="may start from no state"):
        machines(contract, on_schema(good, operations={"addBooking": {"from": [], "to": "done"}}))


def test_states_of_nobody_are_refused(contract, good):
    """Neither a resource nor a `type`: whose states they are is not told."""
    with pytest.raises(ContractError, match="whose states"):
        machines(contract, on_operation(good, resource=False))


def test_a_type_has_one_machine(contract, good):
    """Two would contradict each other; the hint leads to the first."""
    on_operation(on_schema(good, type="Trip"))
    with pytest.raises(ContractError) as caught:
        machines(contract, good)
    assert caught.value.findings[0].message == "`Trip` has two machines"
    assert "openapi.json:" in caught.value.findings[0].hint


def test_a_schema_whose_name_is_no_type_says_another(contract, good):
    """`booking-v2` cannot be an entity type."""
    good["components"]["schemas"]["booking-v2"] = {"x-yett-machine": MACHINE}
    with pytest.raises(ContractError) as caught:
        machines(contract, good)
    assert "`type:`" in caught.value.findings[0].hint
