"""One question for one kind of caller: what both sides share, and what each makes of it."""

from __future__ import annotations

import pytest
from kit.pairs import CONFIG, POLICIES, document, write_contract

from yett.contract.load import load
from yett.policy.compile import compile_policy
from yett.review.ask import Asker
from yett.review.encode_terms import negate
from yett.review.pairs import pair_actions, shared_names
from yett.review.question import questions
from yett.review.side import make_side


@pytest.fixture
def ask(tmp_path):
    """The questions of one action, by kind of caller."""

    def run(action, old=None, **new):
        sides = []
        for name, changes in (("old", old or {}), ("new", new)):
            contract = load(write_contract(tmp_path / name, **changes))
            sides.append(make_side(contract, compile_policy(contract)))
        pairs = pair_actions(*sides)
        pair = next(p for p in pairs if p.name == action)
        return {q.kind: q for q in questions(pair, *sides, shared_names(*sides, pairs))}

    return run


def test_who_cannot_call_has_no_view(ask):
    """Without a way in for strangers there is no question about them."""
    assert set(ask("getBooking")) == {"user", "service", "key"}


def test_scopes_are_part_of_the_answer(ask):
    """Nobody gets what OpenAPI's `security` refuses, whatever a policy says."""
    asked = ask("getBooking")["user"]
    asker = Asker(asked.facts())
    assert asker.ask(asked.new.allowed, negate(asked.new.secured)).verdict == "no"


def test_a_class_needs_its_operation(ask):
    """Nobody reads a class of a record that they may not read."""
    head = POLICIES.partition('@id("pii")')[0]
    policies = head + '@id("pii") permit(principal, action == Action::"getBooking:pii", resource);'
    asked = ask("getBooking:pii", policies=policies)["user"]
    assert len(asked.new.rules) > len(asked.new.own)
    record = [each.holds for each in asked.new.rules[: -len(asked.new.own)]]
    asker = Asker(asked.facts())
    assert asker.ask(asked.new.allowed, *map(negate, record)).verdict == "no"
    assert asker.ask(asked.new.allowed).verdict == "yes"


def test_roles_are_those_of_each_side(ask):
    """A role that the vocabulary lacks is no entity, and carries nothing."""
    config = CONFIG.replace("admin =", "boss =")
    policies = POLICIES.replace('Role::"admin"', 'Role::"boss"')
    asked = ask("updateBooking", old={"config": config, "policies": policies})["service"]
    asker = Asker(asked.facts())
    assert asker.ask(asked.new.allowed, negate(asked.old.allowed)).verdict == "yes"
    assert asked.old.encoder.caller.vocabulary == ("staff", "boss")


def test_a_required_attribute_that_became_optional(ask):
    """A record without it was refused before, and may be allowed now."""
    spec = document()
    spec["components"]["schemas"]["Booking"]["required"].remove("total")
    asked = ask("getBooking", spec=spec)["user"]
    asker = Asker(asked.facts())
    assert asker.ask(asked.new.allowed, negate(asked.old.allowed)).verdict == "yes"
    assert asker.ask(asked.old.allowed, negate(asked.new.allowed)).verdict == "no"


def test_two_schemes_at_once(ask):
    """An AND of schemes needs a second credential, of which nothing else is known."""
    spec = document()
    spec["components"]["securitySchemes"]["app"] = {
        "type": "apiKey",
        "in": "header",
        "name": "X-App",
    }
    spec["paths"]["/bookings/{id}"]["get"]["security"] = [{"bearer": ["bookings:read"], "app": []}]
    asked = ask("getBooking", spec=spec)["user"]
    asker = Asker(asked.facts())
    assert asker.ask(asked.new.allowed, negate(asked.old.allowed)).verdict == "no"
    assert asker.ask(asked.old.allowed, negate(asked.new.allowed)).verdict == "yes"
