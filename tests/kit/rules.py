"""Generated rules over the schema of `kit.rows`: most are valid Cedar, all read rows in some way."""

from __future__ import annotations

from hypothesis import strategies as st
from kit.rows import IDS, LONGS, SCHEMA, TEAMS, TEXTS

from yett.contract.model import PolicyText
from yett.policy.cedar.rule_text import quote
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices

TEXT = st.sampled_from(TEXTS).map(quote)
LONG = st.sampled_from((*LONGS, 3)).map(str)
USER = st.sampled_from(IDS).map(lambda id_: f"User::{quote(id_)}")
TEAM = st.sampled_from((*TEAMS, "none")).map(lambda id_: f"Team::{quote(id_)}")
COMPARE = st.sampled_from(("==", "!="))
ORDER = st.sampled_from(("<", "<=", ">", ">="))
PIECE = st.sampled_from((*TEXTS, "*", "*", "*"))
PATTERN = st.lists(PIECE, min_size=1, max_size=3).map(
    lambda pieces: (
        '"' + "".join(p if p == "*" else quote(p)[1:-1].replace("*", "\\*") for p in pieces) + '"'
    )
)
STRINGS = ("resource.title", "resource.status", "resource.address.city")


@st.composite
def f(draw, template, **parts):
    return template.format(**{name: draw(part) for name, part in parts.items()})


def guarded(name, inner):
    """An optional attribute, asked for first in one of the ways that Cedar understands."""
    return st.one_of(
        inner.map(lambda text: f"(resource has {name} && {text})"),
        inner.map(lambda text: f"(if resource has {name} then {text} else true)"),
        inner.map(lambda text: f"!(resource has {name} && {text})"),
    )


def texts_of(left):
    return st.one_of(
        f("{l} {op} {r}", l=left, op=COMPARE, r=TEXT),
        f("{l} like {p}", l=left, p=PATTERN),
        f("{l} == {r}", l=left, r=st.sampled_from(STRINGS)),
        f("principal.depots.contains({l})", l=left),
        f("[{a}, {b}].contains({l})", l=left, a=TEXT, b=TEXT),
        f("(principal has nick && principal.nick == {l})", l=left),
        f("resource.tags.contains({l})", l=left),
        f("resource.tags.containsAny([{l}, {a}])", l=left, a=TEXT),
    )


def longs_of(left):
    return st.one_of(
        f("{l} {op} {r}", l=left, op=st.one_of(ORDER, COMPARE), r=LONG),
        f("{r} {op} {l}", l=left, op=ORDER, r=LONG),
        f("{l} {op} principal.level", l=left, op=ORDER),
        f("{l} {op} resource.amount", l=left, op=st.one_of(ORDER, COMPARE)),
        f("[{a}, 5].contains({l})", l=left, a=LONG),
    )


def users_of(left):
    return st.one_of(
        f("{l} {op} principal", l=left, op=COMPARE),
        f("{l} == {u}", l=left, u=USER),
        f("{l} in [{u}, principal]", l=left, u=USER),
        f("[{u}, {v}].contains({l})", l=left, u=USER, v=USER),
        f("{l} is User", l=left),
        f("principal == {l}", l=left),
    )


LEAVES = st.one_of(
    texts_of(st.sampled_from(STRINGS)),
    guarded("depot", texts_of(st.just("resource.depot"))),
    guarded("address.zip", texts_of(st.just("resource.address.zip"))),
    longs_of(st.just("resource.amount")),
    guarded("score", longs_of(st.just("resource.score"))),
    users_of(st.just("resource.customer")),
    guarded("assignee", users_of(st.just("resource.assignee"))),
    guarded("flag", st.sampled_from(("resource.flag", "!resource.flag", "resource.flag == resource.pub"))),
    st.sampled_from(
        (
            "resource.pub",
            "resource has depot",
            "resource has score",
            "resource has title",
            "resource.tags.isEmpty()",
            "resource is Booking",
            "resource.pub == (resource.amount > 5)",
            "principal.level > 3",
            "context.secure",
            "(context has auth_age && context.auth_age < 60)",
            # Errs for every row where it is looked at.
            "principal.level + 9223372036854775807 > 0",
            "principal in resource.team",
            'principal in [resource.team, Team::"t1"]',
            "resource.customer in resource.team",
            "(resource.customer has dept && resource.customer.dept == resource.title)",
            'resource in [resource, Booking::"b1"]',
        )
    ),
    f("resource.customer in {t}", t=TEAM),
    f("resource.customer is User in {t}", t=TEAM),
    f("resource.customer in [{t}, {u}]", t=TEAM, u=USER),
    f("(resource.customer has dept && resource.customer.dept like {p})", p=PATTERN),
    f('resource == Booking::"{i}"', i=st.sampled_from(("b1", "B1", "b10", "B9", "B8"))),
    f("resource.tags.containsAll([{a}, {b}])", a=TEXT, b=TEXT),
    f("resource.tags.containsAny([{a}, {b}])", a=TEXT, b=TEXT),
    f("[{a}, {b}, resource.title].containsAll([resource.status, {a}])", a=TEXT, b=TEXT),
    st.just("resource.tags.containsAny(principal.depots)"),
)  # fmt: skip


def deeper(inner):
    return st.one_of(
        f("({a} && {b})", a=inner, b=inner),
        f("({a} || {b})", a=inner, b=inner),
        f("!({a})", a=inner),
        f("(if {a} then {b} else {c})", a=inner, b=inner, c=inner),
        f("(({a}) == ({b}))", a=inner, b=inner),
    )


CONDITIONS = st.recursive(LEAVES, deeper, max_leaves=5)
PRINCIPAL = st.sampled_from(
    (
        "principal",
        "principal",
        "principal is User",
        'principal in Role::"staff"',
        'principal is User in Team::"t1"',
    )
)
RESOURCE = st.sampled_from(
    ("resource", "resource", "resource is Booking", 'resource == Booking::"b1"')
)
CLAUSES = st.lists(
    st.builds("{} {{ {} }}".format, st.sampled_from(("when", "when", "unless")), CONDITIONS),
    min_size=0,
    max_size=2,
)
POLICIES = st.lists(
    st.builds(
        "{}({}, action, {}) {};".format,
        st.sampled_from(("permit", "permit", "forbid")),
        PRINCIPAL,
        RESOURCE,
        CLAUSES.map(" ".join),
    ),
    min_size=1,
    max_size=4,
)


def slices_of(policies):
    """The valid ones of some rules, as a slice; None when none is."""
    text = "\n".join(f'@id("r{n}") {policy}' for n, policy in enumerate(policies))
    rules, flaws = read_rules((PolicyText("p.cedar", text),), SCHEMA)
    flawed = {flaw.line for flaw in flaws}
    valid = [rule for rule in rules if rule.source.line not in flawed]
    return make_slices(valid, SCHEMA, engine="compiled")["listBookings"] if valid else None
