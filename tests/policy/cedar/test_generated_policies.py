"""Policies and requests that nobody wrote: compiled code, cedarpy and the strict forbid."""

from __future__ import annotations

from cedarpy import PolicySet, pst
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from yett.contract.places import Source
from yett.policy.cedar.compile import compile_decide, compile_foresee
from yett.policy.cedar.extensions import Datetime, Duration, IpAddr
from yett.policy.cedar.model import Entity, Inputs, Rule, Uid
from yett.policy.cedar.oracle import ask_rules
from yett.policy.cedar.settle import agree
from yett.policy.cedar.values import RecordValue, make_set

TYPES, IDS = ("User", "Group", "Doc"), ("a", "b")
ACTION, GROUP = Uid("Action", "get"), Uid("Action", "read")
ACTIONS = {ACTION: frozenset((GROUP,)), GROUP: frozenset()}
NAMES = ("flag", "count", "text", "owner", "tags", "place", "at")
UIDS = st.builds(Uid, st.sampled_from(TYPES), st.sampled_from(IDS))
TEXTS = st.sampled_from(("", "a", "ab", "b*", "é"))
LONGS = st.sampled_from((0, 1, -1, 2, 2**63 - 1, -(2**63)))

# What an attribute holds: mostly its own kind, sometimes anything.
VALUES = {
    "flag": st.booleans(),
    "count": LONGS,
    "text": TEXTS,
    "owner": UIDS,
    "tags": st.lists(st.one_of(TEXTS, LONGS, st.booleans(), UIDS), max_size=3).map(make_set),
    "place": st.fixed_dictionaries({}, optional={"count": LONGS, "text": TEXTS}).map(RecordValue),
    "at": st.one_of(
        st.builds(Datetime, LONGS),
        st.builds(Duration, LONGS),
        st.builds(IpAddr, st.just(32), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    ),
}
ANY_VALUE = st.one_of(*VALUES.values())
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={name: st.one_of(own, own, own, own, ANY_VALUE) for name, own in VALUES.items()},
)


def entity_type(name):
    return pst.EntityType(name)


def literal(uid):
    return pst.EntityLit(pst.EntityUid(entity_type(uid.type), uid.id))


ENTITY = st.one_of(
    st.sampled_from((pst.Var("principal"), pst.Var("resource"))),
    UIDS.map(literal),
    st.builds(pst.GetAttr, st.sampled_from((pst.Var("principal"), pst.Var("resource"))),
              st.just("owner")),
)  # fmt: skip
BASE = st.one_of(ENTITY, st.just(pst.Var("context")))


def attribute(name):
    """An attribute of some variable: of its kind in four of five cases."""
    return st.builds(pst.GetAttr, BASE, st.just(name))


LONG = st.one_of(
    LONGS.map(pst.LongLit),
    attribute("count"),
    st.builds(pst.GetAttr, attribute("place"), st.just("count")),
)
TEXT = st.one_of(TEXTS.map(pst.StringLit), attribute("text"))
SET = st.one_of(
    attribute("tags"),
    st.lists(st.one_of(LONG, TEXT, ENTITY), max_size=3).map(lambda e: pst.Set(tuple(e))),
)
TIME = st.one_of(
    attribute("at"),
    st.sampled_from(
        (
            pst.UnaryOp("datetime", pst.StringLit("1970-01-01")),
            pst.UnaryOp("duration", pst.StringLit("1ms")),
            pst.UnaryOp("ip", pst.StringLit("10.0.0.0/8")),
            pst.UnaryOp("ip", pst.StringLit("no address")),
        )
    ),
)
ANY = st.one_of(LONG, TEXT, SET, ENTITY, TIME, BASE, st.booleans().map(pst.BoolLit))
PATTERN = st.lists(
    st.one_of(st.just(pst.Wildcard()), st.sampled_from("ab*").map(pst.Char)), max_size=3
).map(tuple)


def binary(ops, one, two):
    return st.builds(pst.BinaryOp, st.sampled_from(ops), one, two)


LEAF = st.one_of(
    st.booleans().map(pst.BoolLit),
    attribute("flag"),
    binary(("eq", "not_eq"), ANY, ANY),
    binary(("less", "less_eq", "greater", "greater_eq"), st.one_of(LONG, TIME), st.one_of(LONG, TIME)),
    binary(("eq", "less"), binary(("add", "sub", "mul"), LONG, LONG), LONG),
    binary(("in",), st.one_of(ENTITY, st.just(pst.Var("action"))),
           st.one_of(ENTITY, SET, st.lists(ENTITY, max_size=2).map(lambda e: pst.Set(tuple(e))))),
    binary(("contains",), SET, ANY),
    binary(("contains_all", "contains_any"), SET, SET),
    st.builds(pst.UnaryOp, st.just("is_empty"), SET),
    binary(("has_tag",), ENTITY, TEXT),
    binary(("eq",), binary(("get_tag",), ENTITY, TEXT), ANY),
    st.builds(pst.HasAttr, st.one_of(BASE, attribute("place")),
              st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(tuple)),
    st.builds(pst.Like, TEXT, PATTERN),
    st.builds(pst.Is, ENTITY, st.sampled_from(TYPES).map(entity_type), st.one_of(st.none(), ENTITY)),
    st.builds(pst.UnaryOp, st.sampled_from(("is_ipv4", "is_loopback")), TIME),
    binary(("is_in_range",), TIME, TIME),
    ANY,
)  # fmt: skip
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        binary(("and", "or"), inner, inner),
        st.builds(pst.UnaryOp, st.just("not"), inner),
        st.builds(pst.IfThenElse, inner, inner, inner),
        binary(("eq",), inner, st.booleans().map(pst.BoolLit)),
    ),
    max_leaves=6,
)
SCOPE = st.one_of(
    st.just(pst.ScopeAny()),
    st.just(pst.ScopeAny()),
    st.sampled_from(TYPES).map(lambda name: pst.ScopeIs(entity_type(name))),
    UIDS.map(lambda uid: pst.ScopeIn(literal(uid).value)),
    UIDS.map(lambda uid: pst.ScopeEq(literal(uid).value)),
)
TEMPLATES = st.builds(
    pst.Template,
    st.just("policy0"),
    st.sampled_from(("permit", "permit", "forbid")),
    SCOPE,
    st.just(pst.ScopeAny()),
    SCOPE,
    st.lists(st.one_of(CONDITION.map(pst.When), CONDITION.map(pst.Unless)), max_size=2).map(tuple),
    st.just({}),
)


@st.composite
def rules(draw):
    """Up to four policies, each as a tree and as the text that cedarpy writes of it."""
    found = []
    for at, template in enumerate(draw(st.lists(TEMPLATES, min_size=1, max_size=4))):
        text = str(PolicySet.from_pst(pst.PolicySet({}, {"policy0": template}, ())))
        tree = PolicySet.from_str(text).to_pst().static_policies["policy0"]
        found.append(Rule(id=f"r{at}", effect=tree.effect, tree=tree, text=text, source=Source()))
    return tuple(found)


@st.composite
def questions(draw):
    """A request over a small world in which groups do not go in circles."""
    entities = {}
    for type_ in TYPES:
        for id_ in IDS:
            uid = Uid(type_, id_)
            if draw(st.integers(0, 3)):  # a quarter of the world is not known
                groups = (
                    () if type_ == "Group" else draw(st.lists(st.sampled_from(IDS), max_size=2))
                )
                entities[uid] = Entity(
                    uid,
                    draw(ATTRIBUTES),
                    frozenset(Uid("Group", group) for group in groups),
                    draw(st.dictionaries(TEXTS, ANY_VALUE, max_size=1)),
                )
    return Inputs(draw(UIDS), draw(UIDS), draw(ATTRIBUTES), entities)


def ask(made, inputs):
    return ask_rules(made, ACTION.id, frozenset((GROUP.id,)), inputs)


@settings(max_examples=400)
@given(rules(), questions())
def test_compiled_and_cedarpy_agree(made, inputs):
    """Decision, determining rules and errors, with forbids that err denying."""
    assert agree(compile_decide(made, ACTION, ACTIONS)(inputs), ask(made, inputs))


@settings(max_examples=200)
@given(rules(), questions())
def test_an_erring_forbid_always_denies(made, inputs):
    """Whatever else permits: where a forbid erred nothing is allowed."""
    decided = compile_decide(made, ACTION, ACTIONS)(inputs)
    forbids = {rule.id for rule in made if rule.effect == "forbid"}
    if forbids & set(decided.errors):
        assert not decided.allow
        assert forbids & set(decided.errors) <= set(decided.ids)
    plain = compile_decide(made, ACTION, ACTIONS, strict=False)(inputs)
    assert plain.allow or not decided.allow  # strict only ever denies more


@settings(max_examples=300)
@given(rules(), questions(), ATTRIBUTES, st.lists(st.sampled_from(IDS), max_size=2))
def test_what_is_foreseen_holds_for_any_record(made, inputs, attributes, groups):
    """Whatever the resource turns out to be, a foreseen decision is the decision."""
    foreseen = compile_foresee(made, ACTION, ACTIONS)(inputs)
    decide = compile_decide(made, ACTION, ACTIONS)
    uid = inputs.resource
    held = inputs.entities.get(uid) if uid == inputs.principal else None
    known = dict((held.attrs if held else {}).items())
    above = {Uid("Group", group) for group in groups} - {uid}
    other = Entity(
        uid,
        {**attributes, **known},
        frozenset(above) | (held.ancestors if held else frozenset()),
        held.tags if held else {},
    )
    later = replace(inputs, entities={**inputs.entities, uid: other})
    if foreseen is not None:
        assert decide(inputs).allow == decide(later).allow == foreseen.allow
