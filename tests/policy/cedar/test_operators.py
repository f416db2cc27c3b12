"""Each operator answers or errs as Cedar does."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet, pst
from hypothesis import given
from hypothesis import strategies as st
from kit.cedar import B1, STAFF, U1, U2, asking, user

from yett.contract.places import Source
from yett.policy.cedar.extensions import (
    CedarError,
    Datetime,
    Decimal,
    Duration,
    IpAddr,
    parse_ip,
)
from yett.policy.cedar.model import Inputs, Rule
from yett.policy.cedar.operators import (
    ANSWERS_BOOL,
    BINARY,
    ENTITIES,
    UNARY,
    build_record,
    build_set,
    equal,
    fail,
    get,
    has,
    is_in,
    is_loopback,
    is_multicast,
    less,
    need,
)
from yett.policy.cedar.oracle import ask_rules
from yett.policy.cedar.values import RecordValue, make_set

LONGS = st.sampled_from((0, 1, -1, 5, 2**62, 2**63 - 1, -(2**63)))
MILLISECONDS = st.one_of(LONGS, st.sampled_from((86_399_999, 86_400_000, -86_400_001)))
ADDRESSES = st.sampled_from(
    [parse_ip(text) for text in (
        "127.0.0.1", "127.0.0.1/8", "127.0.0.1/4", "10.1.2.3", "10.0.0.0/8", "0.0.0.0/0",
        "224.0.0.1", "224.0.0.0/4", "224.0.0.0/3", "239.1.1.1/2", "::1", "::1/64", "ff00::/8",
        "ff00::/7", "::/0", "fe80::1/10",
    )]
)  # fmt: skip
ANYTHING = st.one_of(
    st.booleans(),
    LONGS,
    st.sampled_from(("", "a", "1.0", "127.0.0.1", "2020-01-01", "1h")),
    st.sampled_from((U1, U2, STAFF, B1)),
    st.builds(Datetime, MILLISECONDS),
    st.builds(Duration, MILLISECONDS),
    st.builds(Decimal, LONGS),
    ADDRESSES,
)
VALUES = st.one_of(
    ANYTHING,
    st.lists(ANYTHING, max_size=2).map(make_set),
    st.dictionaries(st.sampled_from("ab"), ANYTHING, max_size=2).map(RecordValue),
)
KINDS = {
    "less": (LONGS, st.builds(Datetime, MILLISECONDS), st.builds(Duration, MILLISECONDS)),
    "add": (LONGS,),
    "contains": (st.lists(ANYTHING, max_size=3).map(make_set),),
    "offset": (st.builds(Datetime, MILLISECONDS),),
    "is_in_range": (ADDRESSES,),
    "decimal_less_than": (st.builds(Decimal, LONGS),),
}


def outcome(node, **context):
    """Ask cedarpy: the value is `context.found`, another value, or an error."""
    expression = pst.BinaryOp("eq", node, pst.GetAttr(pst.Var("context"), "found"))
    template = pst.Template(
        "policy0", "permit", pst.ScopeAny(), pst.ScopeAny(), pst.ScopeAny(),
        (pst.When(expression),), {},
    )  # fmt: skip
    text = str(PolicySet.from_pst(pst.PolicySet({}, {"policy0": template}, ())))
    rule = Rule(id="r", effect="permit", tree=None, text=text, source=Source())
    decided = ask_rules((rule,), "a", frozenset(), Inputs(U1, B1, context, {}))
    return "error" if decided.errors else decided.allow


def operand(name):
    return pst.GetAttr(pst.Var("context"), name)


def agrees(node, apply, *values):
    """Whether cedarpy answers as we do, errors included."""
    given_ = dict(zip("ab", values, strict=False))
    try:
        found = apply(*values)
    except (CedarError, AttributeError):
        return outcome(node, found=0, **given_) == "error"
    return outcome(node, found=found, **given_) is True


@given(st.sampled_from(sorted(BINARY)), VALUES, VALUES)
def test_binary_operators_of_anything(op, one, two):
    """Whatever the operands, the answer or the error is Cedar's."""
    assert agrees(pst.BinaryOp(op, operand("a"), operand("b")), BINARY[op], one, two)


@given(st.sampled_from(sorted(BINARY)), st.data())
def test_binary_operators_of_fitting_operands(op, data):
    """Operands of one type, where most operators have an answer."""
    kinds = data.draw(st.sampled_from(sorted(KINDS)))
    strategy = data.draw(st.sampled_from(KINDS[kinds]))
    one, two = data.draw(strategy), data.draw(strategy)
    assert agrees(pst.BinaryOp(op, operand("a"), operand("b")), BINARY[op], one, two)


@given(st.sampled_from(sorted(UNARY)), VALUES)
def test_unary_operators_of_anything(op, one):
    """Negation, extension constructors and their methods."""
    assert agrees(pst.UnaryOp(op, operand("a")), UNARY[op], one)


@given(
    st.sampled_from(("to_date", "to_time", "to_days", "to_hours", "to_minutes", "to_seconds")),
    MILLISECONDS,
)
def test_times_are_cut_as_cedar_cuts(op, ms):
    """Before 1970 too, and where a day's beginning does not fit 64 bits."""
    for kind in (Datetime, Duration):
        assert agrees(pst.UnaryOp(op, operand("a")), UNARY[op], kind(ms))


def test_every_operator_of_cedarpy_is_known():
    """Cedarpy's own list of operators is covered, so an upgrade that adds one is seen here."""
    assert {*UNARY} == {*pst.UnaryOpName.__args__}
    assert {*BINARY, *ENTITIES, "and", "or"} == {*pst.BinaryOpName.__args__}
    assert {*BINARY, *UNARY, *ENTITIES} >= ANSWERS_BOOL


def test_types_are_strict():
    """`True` is no Long and `1` no boolean, although Python takes one for the other."""
    assert not equal(True, 1)
    for op in ("add", "sub", "mul", "less", "less_eq", "greater", "greater_eq"):
        with pytest.raises(CedarError):
            BINARY[op](True, 1)
    with pytest.raises(CedarError):
        UNARY["not"](0)
    with pytest.raises(CedarError):
        need(int, True)
    with pytest.raises(CedarError):
        less("a", "b")


@pytest.mark.parametrize(
    ("op", "one", "two"),
    [("add", 2**63 - 1, 1), ("sub", -(2**63), 1), ("mul", 2**62, 2), ("mul", -1, -(2**63))],
)
def test_64_bits_do_not_wrap(op, one, two):
    """An overflow is an error, neither a wrong nor a larger number."""
    with pytest.raises(CedarError):
        BINARY[op](one, two)


def test_the_least_long_has_no_negative():
    """`-(-9223372036854775808)` is an error."""
    with pytest.raises(CedarError):
        UNARY["neg"](-(2**63))


def test_membership_is_of_the_closure():
    """An entity is in itself, in its ancestors and in sets of these; a missing one in itself."""
    entities = asking(user(U1, STAFF)).entities
    assert is_in(entities, U1, U1)
    assert is_in(entities, U1, STAFF)
    assert is_in(entities, U1, make_set([B1, STAFF]))
    assert is_in(entities, U2, make_set([U2]))
    assert not is_in(entities, U2, STAFF)
    assert not is_in(entities, U1, make_set([]))
    for wrong in ("Role", make_set([STAFF, 1]), 1):
        with pytest.raises(CedarError):
            is_in(entities, U1, wrong)


def test_a_missing_entity_has_nothing():
    """`has` of a missing entity is false, an attribute of it is an error."""
    entities = asking(user(U1, tenant="t")).entities
    assert has(entities, U1, ("tenant",))
    assert not has(entities, U2, ("tenant",))
    assert get(entities, U1, "tenant") == "t"
    for uid, name in ((U2, "tenant"), (U1, "nothing")):
        with pytest.raises(KeyError):
            get(entities, uid, name)
    with pytest.raises(CedarError):
        has(entities, "text", ("tenant",))


def test_has_follows_a_path():
    """`has a.b` stops at the first absent one, and errs on what has no attributes."""
    record = RecordValue({"a": RecordValue({"b": 1})})
    assert has({}, record, ("a", "b"))
    assert not has({}, record, ("x", "b"))
    with pytest.raises(CedarError):
        has({}, record, ("a", "b", "c"))


def test_address_ranges():
    """A range is a loopback by its first address, a multicast only as a whole."""
    assert is_loopback(parse_ip("127.1.2.3/8"))
    assert not is_loopback(parse_ip("127.0.0.1/4"))
    assert is_multicast(parse_ip("224.0.0.0/4"))
    assert not is_multicast(parse_ip("224.0.0.0/3"))
    with pytest.raises(CedarError):
        is_loopback("127.0.0.1")
    assert not BINARY["is_in_range"](IpAddr(32, 1, 32), IpAddr(128, 0, 0))


def test_sets_and_records_are_built():
    """Of expressions at run time."""
    assert build_set(1, True, 1) == make_set([True, 1])
    assert build_record(("a", "b"), 1, "x") == RecordValue({"a": 1, "b": "x"})
    with pytest.raises(CedarError):
        fail()
