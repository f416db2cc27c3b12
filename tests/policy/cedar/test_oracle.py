"""Through cedarpy the same question has the same answer, and its traps are closed."""

from __future__ import annotations

from cedarpy import Entities, PolicySet, is_authorized
from kit.cedar import (
    API,
    B1,
    SCHEMA,
    STAFF,
    U1,
    U2,
    asking,
    booking,
    context,
    right,
    slices,
    user,
    when,
)

from yett.contract.places import Source
from yett.policy.cedar.extensions import Datetime
from yett.policy.cedar.model import Decided, Entity, Inputs, Rule
from yett.policy.cedar.oracle import NO_DECISION, ask, ask_rules
from yett.policy.cedar.schema_text import write_schema
from yett.policy.cedar.values import RecordValue

BOOKING = "principal, action, resource is Booking"


def ask_one(text, inputs, **given):
    return ask_rules(right(text), "getBooking", frozenset(("read",)), inputs, **given)


def test_an_erring_forbid_denies():
    """Cedar itself skips a forbid that errs and allows; the oracle shows both."""
    text = when("true") + when('resource.status == "x"', id_="f", effect="forbid", scope=BOOKING)
    uid = {"type": "User", "id": "u1"}
    request = {
        "principal": uid,
        "action": {"type": "Action", "id": "getBooking"},
        "resource": {"type": "Booking", "id": "b1"},
        "context": {},
    }
    assert is_authorized(request, PolicySet.from_str(text), "[]").allowed
    found = ask_one(text, asking(user(), B1))
    assert found == Decided(False, ("f",), ("f",), True)


def test_no_decision_denies():
    """A request that cedarpy refuses to look at is denied, and it is said."""
    found = ask_one(
        when("true"), Inputs(U1, B1, context(acr=5), {}), schema_text=write_schema(SCHEMA)
    )
    assert found == Decided(False, (), (NO_DECISION,))


def test_what_breaks_cedarpy_denies():
    """A rule without Cedar text, half a character, no inputs at all: denied, never raised."""
    broken = Rule(id="r", effect="permit", tree=None, text="permit(", source=Source())
    for rules, inputs in (
        ((broken,), asking()),
        (right(when("true")), asking(acr="\ud800")),
        (right(when("true")), None),
        (right(when("true")), Inputs(U1, B1, {"a": object()}, {})),
    ):
        found = ask_rules(rules, "getBooking", frozenset(), inputs)
        assert not found.allow
        assert found.errors[0].startswith(NO_DECISION)


def test_entities_go_with_their_explicit_escape():
    """Without `__entity` a bare `{type, id}` is a record to cedarpy, and the decision another."""
    text = when("resource.customer == principal", scope=BOOKING)
    bare = '[{"uid": {"type": "Booking", "id": "b1"}, "parents": [], "attrs": {"customer": {"type": "User", "id": "u1"}}}]'
    assert '"__entity"' not in str(Entities.from_json_str(bare)).replace('"uid"', "")
    assert ask_one(text, asking(user(), booking())).allow
    record = booking(customer=RecordValue({"type": "User", "id": "u1"}))
    assert not ask_one(text, asking(user(), record)).allow


def test_extension_values_go_with_their_explicit_escape():
    """A datetime and an address are what they are, a year of five digits too."""
    text = when('context.now > datetime("2020-01-01") && context.source.isIpv4()')
    assert ask_one(text, asking()).allow
    assert ask_one(text, asking(now=Datetime(2**62))).allow


def test_groups_of_actions_go_along():
    """Without a schema cedarpy knows no action: its groups are sent."""
    text = '@id("r") permit(principal, action in Action::"read", resource);'
    assert ask_one(text, asking()).allow
    assert ask_one(text, asking(user(), booking()), schema_text=write_schema(SCHEMA)).allow
    assert not ask_rules(right(text), "getBooking", frozenset(), asking()).allow


def test_the_closure_of_groups_goes_along():
    """All ancestors are parents."""
    assert ask_one(when('principal in Role::"staff"'), asking(user(U1, STAFF))).allow
    assert not ask_one(when('principal in Role::"staff"'), asking(U1)).allow


def test_ids_are_those_of_the_rules():
    """Positional ids of cedarpy never leave; a name that looks like one confuses nobody."""
    text = (
        when('context["no `policy0`"] == 1', id_="policy7")
        + when("true", id_="policy0")
        + when("true", id_="z")
    )
    rules = tuple(
        Rule(id=i, effect="permit", tree=None, text=t + ";", source=Source())
        for i, t in zip(("policy7", "policy0", "z"), text.split(";")[:3], strict=True)
    )
    found = ask_rules(rules, "getBooking", frozenset(), asking())
    assert found == Decided(True, ("policy0", "z"), ("policy7",), True)


def test_slices_ask_too():
    """`ask` takes rules, action and groups from the slice."""
    made = slices(when("resource.customer == principal", scope=BOOKING))["getBooking"]
    assert ask(made, asking(user(), booking())).allow
    assert not ask(made, asking(user(U2), booking())).allow


def test_ids_of_entities_may_be_anything():
    """Quotes, line breaks and controls in ids need no syntax: uids go as objects."""
    text = when("principal != resource")
    for id_ in ('"', "\n", "\0", "é", "\\", '"::x'):
        principal = Entity(U1._replace(id=id_))
        assert ask_one(text, asking(principal, API)).allow
