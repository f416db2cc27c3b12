"""Walking one expression gives what Cedar gives for it."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet, pst
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.cedar.evaluate import UNKNOWN, Outcome, Unknown, evaluate, judge
from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.literals import cedar_string
from yett.policy.cedar.model import Entity, Inputs, Uid
from yett.policy.cedar.values import RecordValue, make_ipaddr, make_set

U1 = Uid("User", "u1")
B1 = Uid("Booking", "b1")
STAFF = Uid("Role", "staff")


def read(text):
    tree = PolicySet.from_str(f"permit(principal, action, resource) when {{ {text} }};").to_pst()
    return tree.static_policies["policy0"].clauses[0].expr


def inputs(*, known=True, **context):
    user = Entity(U1, {"depots": make_set(["d1"]), "name": "é"}, frozenset((STAFF,)), {"t": 1})
    booking = Entity(B1, {"customer": U1, "depot": "d1", "at": RecordValue({"lat": 3})})
    entities = {U1: user, **({B1: booking} if known else {})}
    return Inputs(U1, B1, context, entities)


def outcome(text, question):
    return judge(read(text), question, "getBooking", ("read", "tag:bookings"))


@pytest.mark.parametrize(
    "text",
    [
        "resource.customer == principal",
        'principal in Role::"staff" && principal is User in Role::"staff"',
        "resource is Booking && !(resource is User)",
        "principal.depots.contains(resource.depot)",
        "resource has at.lat && resource.at.lat < 4",
        "!(resource has at.lon) && !(resource has nothing.deeper)",
        'principal.name like "*é" && !(principal.name like "e*")',
        'action == Action::"getBooking" && action in Action::"getBooking"',
        'principal.hasTag("t") && principal.getTag("t") == 1 && !principal.hasTag("u")',
        "if resource has depot then true else false",
        "{a: [1, true]}.a.containsAll([1]) && [].isEmpty() && !(1 == true)",
        'true || User::"nobody".name == ""',
        "!([1].contains(true))",
        "!(principal in [])",
        'datetime("2026-01-01").offset(duration("1d")) == datetime("2026-01-02")',
    ],
)
def test_what_is_true_is_true(text):
    """Each operator and form of the language says what the reference says."""
    assert outcome(text, inputs()) == (Outcome.TRUE, "")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("resource.nothing == 1", "there is no `nothing`"),
        ('User::"nobody".name == ""', "there is no `name`"),
        ("9223372036854775807 + 1 == 0", "a number does not fit 64 bits"),
        ('principal.getTag("u") == 1', "there is no such tag"),
        ("resource.depot", "a value is of another type"),
        ("resource.depot && true", "a value is of another type"),
        ('ip("nowhere").isIpv4()', "no address"),
        ("principal in [1]", "no entity"),
    ],
)
def test_what_errs_says_so_without_a_value(text, note):
    """An error names what is absent or of another type, and never what is there instead."""
    assert outcome(text, inputs()) == (Outcome.ERROR, note)


def test_what_was_not_read_is_not_known():
    """A record that was not looked at is neither true nor false: its uid alone is known."""
    question = inputs(known=False)
    assert outcome("resource.customer == principal", question)[0] is Outcome.UNKNOWN
    assert outcome("resource has customer", question)[0] is Outcome.UNKNOWN
    assert outcome('resource in Depot::"d"', question)[0] is Outcome.UNKNOWN
    assert outcome('resource.hasTag("t")', question)[0] is Outcome.UNKNOWN
    assert outcome('resource == Booking::"b1" && resource is Booking', question)[0] is Outcome.TRUE
    assert outcome('resource in Booking::"b1"', question)[0] is Outcome.TRUE
    assert outcome('action in Action::"read"', question)[0] is Outcome.TRUE
    assert outcome('action in Action::"write"', question)[0] is Outcome.FALSE
    assert outcome("false && resource.x", question)[0] is Outcome.FALSE


def test_an_unknown_attribute_is_there():
    """What is known to be there but not what it is: `has` is true, reading it is not known."""
    question = inputs(source=UNKNOWN)
    assert outcome("context has source", question)[0] is Outcome.TRUE
    assert outcome("context.source.isIpv4()", question)[0] is Outcome.UNKNOWN
    with pytest.raises(Unknown):
        evaluate(read("{a: context.source} == {}"), question, "x")
    assert outcome("context.source.isIpv4()", inputs(source=make_ipaddr("::1")))[0] is Outcome.FALSE


def test_a_slot_has_no_value():
    """A template that was never linked decides nothing."""
    with pytest.raises(Unknown):
        evaluate(pst.Slot("principal"), inputs(), "x")


@given(st.text(st.characters(codec="utf-8"), max_size=8), st.text("ab*é", max_size=6))
def test_like_without_a_wildcard_is_equality(value, pattern):
    """Only `*` is special, and an escaped one is not."""
    escaped = cedar_string(pattern).replace("*", "\\*")
    expr = read(f"{cedar_string(value)} like {escaped}")
    assert evaluate(expr, inputs(), "x") is (value == pattern)
    assert evaluate(read(f'{cedar_string(value)} like "*"'), inputs(), "x") is True


def test_types_are_strict():
    """What needs a set, an entity or an integer takes nothing else."""
    for text in ("1.contains(1)", "1 in 2", '"a" < "b"', "true < false", '-"a" == 1', "!1"):
        with pytest.raises(CedarError):
            evaluate(read(text), inputs(), "x")
