"""Each action has the rules that can apply to it, and no request escapes a forbid by its type."""

from __future__ import annotations

import pytest
from kit.cedar import API, B1, SCHEMA, STAFF, U1, U2, asking, booking, right, slices, user, when

from yett.contract.places import Source
from yett.policy.cedar.compile import compile_decide
from yett.policy.cedar.model import Decided, Entity, Inputs, Rule, Uid
from yett.policy.cedar.settle import agree
from yett.policy.cedar.slices import DIVERGENCE, WRONG_TYPE, compile_rules, make_slices

TEXT = """
@id("own") permit(principal, action in Action::"tag:bookings", resource is Booking)
  when { resource.customer == principal };
@id("read-all") permit(principal in Role::"staff", action in Action::"read", resource);
@id("frozen") forbid(principal, action, resource is Booking) when { resource.status == "frozen" };
@id("api") forbid(principal, action, resource is Api) unless { context.secure };
"""
ENGINES = ("compiled", "cedar", "both")


def ids(slice_):
    return [rule.id for rule in slice_.rules]


def test_rules_are_sorted_by_action_and_type():
    """By the action's name and groups, and by the types it applies to; groups have no slice."""
    made = slices(TEXT)
    assert list(made) == ["getBooking", "cancelBooking", "status"]
    assert ids(made["getBooking"]) == ["own", "read-all", "frozen"]
    assert ids(made["cancelBooking"]) == ["own", "frozen"]
    assert ids(made["status"]) == ["read-all", "api"]
    assert made["getBooking"].groups == {"read", "tag:bookings"}
    assert made["status"].footprint.context == {"secure"}
    assert not made["status"].footprint.resource


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_decide_alike(engine):
    """Compiled, through cedarpy, and both at once."""
    made = slices(TEXT, engine)["getBooking"]
    assert bool(made.fallback) == (engine == "cedar")
    for inputs, allow, found in (
        (asking(user(), booking()), True, ("own",)),
        (asking(user(U1, STAFF), booking()), True, ("own", "read-all")),
        (asking(user(U2), booking()), False, ()),
        (asking(user(), booking(status="frozen")), False, ("frozen",)),
        (asking(user(), B1), False, ("frozen",)),
    ):
        decided = made.decide(inputs)
        assert (decided.allow, decided.ids) == (allow, found)


def test_foreseeing_needs_compiled_code():
    """Cedarpy's partial evaluation is experimental: it is not asked."""
    inputs = asking(user(), B1, secure=False)
    text = TEXT + when("!context.secure", id_="f", effect="forbid")
    assert slices(text, "cedar")["getBooking"].foresee(inputs) is None
    for engine in ("compiled", "both"):
        assert slices(text, engine)["getBooking"].foresee(inputs) == Decided(False, ("f",))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_request_of_another_type_escapes_no_forbid(engine):
    """`api` is not among the rules of a booking: nobody asks them about an `Api`."""
    made = slices(TEXT, engine)["getBooking"]
    for inputs in (
        asking(user(U1, STAFF), API, secure=False),
        asking(Entity(Uid("Service", "s"), {}, frozenset((STAFF,))), booking()),
    ):
        for ask in (made.decide, made.foresee):
            assert ask(inputs) == Decided(False, (), (WRONG_TYPE,))


@pytest.mark.parametrize("engine", ENGINES)
def test_broken_inputs_are_denied(engine):
    """By every engine, and where types are asked for too."""
    made = slices(TEXT, engine)["getBooking"]
    assert not made.decide(Inputs(None, None, None, None)).allow
    assert not made.decide(None).allow


def test_a_difference_of_engines_denies():
    """With `both`, whoever says no is right, and the divergence is among the errors."""
    rules = right(when('context.acr == "a"'))
    lying = (
        Rule(id="one", effect="permit", tree=rules[0].tree, text=when("false"), source=Source()),
    )
    for text in (when("false"), "permit("):
        lying = (Rule(id="one", effect="permit", tree=rules[0].tree, text=text, source=Source()),)
        made = make_slices(lying, SCHEMA, engine="both")["status"]
        found = made.decide(asking(user(), API, acr="a"))
        assert not found.allow
        assert DIVERGENCE in found.errors
    assert make_slices(rules, SCHEMA, engine="both")["status"].decide(
        asking(user(), API, acr="a")
    ) == Decided(True, ("one",), (), True)


def test_what_cannot_be_compiled_is_asked_of_cedarpy():
    """Only the slices of that rule, and it says why."""
    deep = "if context.secure then (" * 101 + "true" + ") else false" * 101
    made = slices(TEXT + when(deep, id_="deep", scope="principal, action, resource is Api"))
    assert made["getBooking"].fallback == ""
    assert "`deep` has no syntax tree" in made["status"].fallback
    assert made["status"].decide(asking(user(), API)) == Decided(True, ("deep",), (), True)
    assert made["status"].foresee(asking(user(), API)) is None
    assert made["status"].footprint.whole == {"principal", "resource", "context"}


def test_actions_of_the_same_rules_share_their_code():
    """But not where a rule looks at the action itself."""
    made = slices(when("context.secure"))
    assert made["getBooking"].decide is made["status"].decide
    made = slices(when('action == Action::"status"'))
    assert made["status"].decide(asking(user(), API)).allow
    assert not made["getBooking"].decide(asking(user(), booking())).allow


def test_compiling_says_what_it_cannot():
    """A rule without a tree is a `ValueError` by its name."""
    rule = Rule(id="r", effect="permit", tree=None, text="", source=Source())
    with pytest.raises(ValueError, match="`r` has no syntax tree"):
        compile_rules((rule,), Uid("Action", "a"), {})


def test_slices_of_a_schema_without_rules_deny():
    """No rule permits anything."""
    for slice_ in make_slices((), SCHEMA, engine="compiled").values():
        assert slice_.decide(asking()) == Decided(False)
        assert not slice_.footprint.permits


def test_unsliced_and_sliced_agree():
    """Leaving rules out changes no decision of a request that the action is for."""
    rules, made = right(TEXT), slices(TEXT)["getBooking"]
    action = Uid("Action", "getBooking")
    groups = {action: frozenset(Uid("Action", group) for group in made.groups)}
    whole = compile_decide([rule for rule in rules if rule.id != "other"], action, groups)
    for inputs in (asking(user(), booking()), asking(user(U2), booking(status="frozen"))):
        assert agree(whole(inputs), made.decide(inputs))
