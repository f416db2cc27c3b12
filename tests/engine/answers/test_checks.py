"""What answers are read for is told when the policy is bound; what needs nothing costs nothing."""

from __future__ import annotations

import pytest
from kit.deciding import Scene
from kit.engine import ENFORCED, operation
from kit.shop import document

from yett.engine.answers.checks import CODINGS, CONDITIONS, WITHOUT, make_checks
from yett.policy.model import Declared
from yett.terms import Mode

NAMES = frozenset({"User"})
DECLARED = Declared({"200": lambda value: (value, ())})


def test_an_operation_without_rules_is_not_read():
    """The common path: no guard, nothing to leave out, nothing collected."""
    assert make_checks(operation(), NAMES) is None


@pytest.mark.parametrize("exempt", [{"stream_response": True}, {"websocket": True}])
def test_streams_are_not_read(exempt):
    """They have no end to wait for."""
    assert make_checks(operation(declared=DECLARED, **exempt), NAMES) is None


def test_undeclared_fields_leave_conditions_alone():
    """Codings and ranges are taken from the request, `If-None-Match` only where a record is decided."""
    assert make_checks(operation(declared=DECLARED), NAMES).without == CODINGS
    for mode, without in ((Mode.OBSERVE, frozenset()), (Mode.ENFORCE, CODINGS)):
        modes = ENFORCED | {"response_fields": mode}
        assert make_checks(operation(declared=DECLARED, modes=modes), NAMES).without == without
    off = ENFORCED | {"response_fields": Mode.OFF}
    assert make_checks(operation(declared=DECLARED, modes=off), NAMES) is None


@pytest.fixture
def checks(tmp_path):
    plans = Scene(tmp_path).program.plans
    return {id_.removeprefix("shop."): plan.checks for id_, plan in plans.items()}


def test_each_operation_of_the_shop(checks):
    """Reads decide on the answer, writes only hide and compare, health asks for nothing."""
    assert checks["getHealth"] is None
    assert checks["getBooking"].decides is not None
    assert checks["getBooking"].without == WITHOUT | CONDITIONS
    assert checks["changeBooking"].without == WITHOUT
    assert checks["getBooking"].hides
    assert not checks["listBookings"].hides
    assert checks["changeBooking"].decides is None
    assert [fields.name for fields in checks["changeBooking"].shown] == ["pii"]
    assert checks["confirmBooking"].state == ("status",)


def test_only_attributes_that_rules_read_are_read(checks):
    """The price may be of any type: nobody asks for it."""
    make = checks["getBooking"].make
    made = make(("Booking", "3"), {"id": 3, "customer_id": 7, "price": "free", "status": 9})
    assert set(made.attrs) == {"customer"}


def test_a_record_that_is_also_a_caller_is_merged(tmp_path):
    """Entities of one uid are one, so such records take the slower way."""
    made = document()
    made["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"] |= {"type": "User"}
    plan = Scene(tmp_path / "a", made, policies="").program.plans["shop.getBooking"]
    assert plan.checks is None or plan.checks.principal
