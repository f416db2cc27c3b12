"""A contract reduced to who may do what."""

from __future__ import annotations

import pytest
from kit.formulas import SCHEMA, permit, rules
from kit.pairs import CONFIG, document, write_contract

from yett.contract.load import load
from yett.policy.compile import compile_policy
from yett.review.side import make_side, plain_side


@pytest.fixture
def side(tmp_path):
    def make(**changes):
        contract = load(write_contract(tmp_path, **changes))
        return make_side(contract, compile_policy(contract))

    return make


def test_a_contract_with_rules(side):
    """Actions with their rules, scopes and field classes; roles with what they carry."""
    found = side()
    assert {"getBooking", "updateBooking", "cancelBooking", "getBooking:pii"} <= set(found.actions)
    get = found.actions["getBooking:pii"]
    assert (get.base, get.located) == ("getBooking", "path 0")
    assert get.security == ((("bearer", frozenset({"bookings:read"})),),)
    assert found.roles["admin"] == {"bookings:read", "bookings:write"}
    assert found.schemes == {"bearer": frozenset(("user", "service", "key"))}
    assert found.origins["Booking", "customer"] == "customer"


def test_a_contract_without_rules(side):
    """Scopes alone decide: every operation is an action without rules."""
    spec = document()
    for item in spec["paths"].values():
        for method in item.values():
            if isinstance(method, dict):
                method.pop("x-yett")
    del spec["components"]["schemas"]["Booking"]["properties"]["phone"]["x-yett-class"]
    found = side(spec=spec, policies="")
    assert {action.rules for action in found.actions.values()} == {None}
    assert found.kinds["anonymous"] == "Anonymous"


def test_what_each_scheme_proves(side):
    """A key in a header is a key, a certificate a service, a cookie may be all; basic nobody."""
    spec = document()
    spec["components"]["securitySchemes"] |= {
        "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
        "basic": {"type": "http", "scheme": "basic"},
        "mtls": {"type": "mutualTLS"},
    }
    get = spec["paths"]["/bookings/{id}"]["get"]
    get["security"] = [{"header": []}, {"cookie": []}, {"basic": []}, {"mtls": [], "bearer": []}]
    made = side(spec=spec)
    found = made.schemes
    assert found["header"] == {"key"}
    assert found["cookie"] == {"user", "service", "key"}
    assert found["basic"] == frozenset()
    assert found["mtls"] == {"service"}
    combined = [action.security[-1] for action in made.actions.values() if action.security]
    assert ["bearer", "mtls"] in [[name for name, _ in needs] for needs in combined]


def test_the_id_of_a_principal_is_part_of_it(side):
    """Another claim names another person."""
    assert side().naming != side(config=CONFIG + '[principal]\nid = "employee"\n').naming


def test_a_schema_alone():
    """Bare policies have one kind of caller for each principal type, and no roles."""
    found = plain_side(SCHEMA, rules(permit("true")))
    assert (list(found.actions), found.kinds, found.roles) == (["get"], {"User": "User"}, None)
