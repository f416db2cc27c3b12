"""A model becomes a request that conforms to the schema."""

from __future__ import annotations

import z3
from kit.formulas import permit, question

from yett.policy.cedar.model import Uid
from yett.review.ask import Asker
from yett.review.encode_terms import TEXT, text
from yett.review.witness import constants, stage


def case_of(expr):
    asked = question(permit("false"), permit(expr))
    model = Asker(asked.facts()).ask(asked.new.allowed).model
    return stage(asked, asked.new, model)


def test_every_type_of_value_is_read():
    """Texts, numbers, sets, records, references, addresses, moments: as the condition wants them."""
    case = case_of(
        'resource.n == 7 && resource.t == "x\\u{e9}" && principal.tags.contains("a") && '
        'principal.addr.city == "y" && resource.owner == User::"o" && '
        'context.ip.isInRange(ip("10.0.0.0/8")) && context.now == datetime("2026-01-01") && '
        'resource.price == decimal("1.25") && resource.span == duration("5ms") && context.mfa'
    )
    known = {entity.uid: entity.attrs for entity in case.entities}
    doc = known[case.resource]
    assert (doc["n"], doc["t"], doc["owner"]) == (7, "xé", Uid("User", "o"))
    assert (doc["price"].units, doc["span"].ms) == (12500, 5)
    assert set(known[case.principal]["tags"]) >= {"a"}
    assert known[case.principal]["addr"].fields["city"] == "y"
    assert case.context["ip"].address >> 24 == 10
    assert case.context["mfa"] is True


def test_groups_are_read_with_their_closure():
    """Who is in a group is in what that is in, also in the request that is shown."""
    case = case_of(
        'principal in Group::"g" && Group::"g" in Org::"o" && principal in Role::"admin"'
    )
    who = next(entity for entity in case.entities if entity.uid == case.principal)
    assert who.ancestors >= {Uid("Group", "g"), Uid("Org", "o"), Uid("Role", "admin")}


def test_optional_attributes_are_there_or_not():
    """What the condition wants absent is absent."""
    case = case_of("!(resource has flag) && resource has m")
    doc = next(entity for entity in case.entities if entity.uid == case.resource)
    assert "flag" not in doc.attrs
    assert "m" in doc.attrs


def test_unknown_entities_stay_unknown():
    """An entity that must not be known is not among them."""
    case = case_of("!(resource.owner has name) && resource.owner != principal")
    doc = next(entity for entity in case.entities if entity.uid == case.resource)
    assert doc.attrs["owner"] not in {entity.uid for entity in case.entities}


def test_the_constants_of_an_array():
    """Each constant once, whatever the array's form."""
    array = z3.SetAdd(z3.SetAdd(z3.EmptySet(TEXT), text("a")), text("b"))
    assert {c.as_string() for c in constants(array, TEXT)} == {"a", "b"}
