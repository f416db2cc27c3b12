"""Facts are gathered once, and not at all where nothing asks for authorization."""

from __future__ import annotations

from kit.shop import answer, load_shop, operation

from yett.contract.report import Report
from yett.policy.authz.facts import gather_facts


def test_a_contract_that_asks_for_nothing_has_none(tmp_path):
    """Without policies, machines, classes and closed records nothing changes."""
    plain = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": operation("a", answer({"type": "object"}))}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
    assert gather_facts(load_shop(tmp_path, plain, ""), Report()) is None


def test_each_thing_that_asks_is_enough(tmp_path, shop):
    """A machine alone, a class alone or a policy alone makes a contract one with authorization."""
    assert gather_facts(load_shop(tmp_path, shop, ""), Report()) is not None


def test_a_machine_is_found_by_its_api_and_type(facts):
    """Machines of one api do not move records of another."""
    gathered = facts()
    assert gathered.machine_of("shop", "Booking").field == "status"
    assert gathered.machine_of("other", "Booking") is None
    assert gathered.machine_of("shop", "Invoice") is None


def test_operations_are_those_of_all_apis(facts):
    """Every operation of the contract has an action."""
    gathered = facts()
    assert {o.id for o in gathered.operations()} == set(gathered.actions)
