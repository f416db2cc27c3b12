"""What is printed of a rule is the rule: Cedar's own parser reads the same tree back."""

from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cedarpy import PolicySet, pst
from hypothesis import given, settings
from hypothesis import strategies as st

from yett.policy.cedar.literals import cedar_string
from yett.policy.cedar.rule_text import INFIX, METHODS, write, write_policy

CORPORA = Path(os.environ.get("YETT_CORPORA", Path(__file__).parents[4] / "shared/corpora"))

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
NAMES = st.sampled_from(("a", "b_1", "if", "like", "odd key", "", "naïve", 'q"', "contains", "in"))
TYPES = st.builds(
    pst.EntityType,
    st.sampled_from(("User", "Group", "is_")),
    st.sampled_from(((), ("A",), ("A", "B"))),
)
UIDS = st.builds(pst.EntityUid, TYPES, TEXT)
LONGS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.sampled_from((-(2**63), 2**63 - 1, -1, 0, 1))
)
LEAVES = st.one_of(
    st.builds(pst.Var, st.sampled_from(("principal", "action", "resource", "context"))),
    st.builds(pst.BoolLit, st.booleans()),
    st.builds(pst.LongLit, LONGS),
    st.builds(pst.StringLit, TEXT),
    st.builds(pst.EntityLit, UIDS),
)
PATTERNS = st.lists(
    st.one_of(
        st.just(pst.Wildcard()),
        st.builds(pst.Char, st.one_of(st.characters(codec="utf-8"), st.just("*"))),
    ),
    max_size=6,
).map(tuple)
UNARY = ("not", "neg", "datetime", "decimal", "duration", "ip")
TAKES_ONE = ("is_empty", "is_ipv4", "is_ipv6", "is_loopback", "is_multicast")
TIMES = ("to_date", "to_time", "to_milliseconds", "to_seconds", "to_minutes", "to_hours", "to_days")


def deeper(inner):
    return st.one_of(
        st.builds(pst.UnaryOp, st.sampled_from((*UNARY, *TAKES_ONE, *TIMES)), inner),
        st.builds(
            pst.BinaryOp,
            st.sampled_from((*INFIX, *(set(METHODS) - {*TAKES_ONE, *TIMES}))),
            inner,
            inner,
        ),
        st.builds(pst.GetAttr, inner, NAMES),
        st.builds(pst.HasAttr, inner, NAMES.map(lambda name: (name,))),
        st.builds(pst.Like, inner, PATTERNS),
        st.builds(pst.Is, inner, TYPES, st.one_of(st.none(), inner)),
        st.builds(pst.IfThenElse, inner, inner, inner),
        st.builds(pst.Set, st.lists(inner, max_size=3).map(tuple)),
        st.builds(pst.Record, st.dictionaries(NAMES, inner, max_size=3).map(pst.FrozenMap)),
    )


EXPRESSIONS = st.recursive(LEAVES, deeper, max_leaves=12)


def read(text):
    tree = PolicySet.from_str(text).to_pst()
    (one,) = (*tree.static_policies.values(), *tree.templates.values())
    return one


def read_expr(text):
    return read(f"permit(principal, action, resource) when {{ {text} }};").clauses[0].expr


@settings(max_examples=400)
@given(EXPRESSIONS)
def test_an_expression_survives(expr):
    """Whatever tree there is, its text is read back as that tree."""
    assert read_expr(write(expr)) == expr


@pytest.mark.parametrize(
    "text",
    [
        "1 - (2 - 3) == 4 - 5 - 6",
        "(1 + 2) * 3 < -4",
        "-(3) < -(-3)",
        "(-3).x == -9223372036854775808",
        "true && (false && true) || (true || false)",
        "(principal == resource) == false",
        "!(!true)",
        "(if true then 1 else 2) == (if false then 3 else 4)",
        "if true then if false then true else true else false",
        "principal is A::User in resource.groups && !(principal has a)",
        'context["odd key"].if_ like "a*\\*\\"\\\\"',
        '{a: 1, "if it": [true, []]} == {}',
        'ip("1.2.3.4").isInRange(ip("1.0.0.0/8")) && principal.hasTag("x")',
    ],
)
def test_text_is_as_a_person_writes_it(text):
    """No parenthesis is added that the grammar does not need."""
    assert write(read_expr(text)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\u202eabc", '"\\u{202e}abc"'),
        ("a\nb\x1b[2J", '"a\\nb\\u{1b}[2J"'),
        ("é😀", '"é😀"'),
        ("\u2028", '"\\u{2028}"'),
        ('"\\', '"\\"\\\\"'),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text, written):
    """Controls, line ends and direction marks never reach a log or a terminal as themselves."""
    assert cedar_string(text) == written
    assert read_expr(f"{written} == {written}").left == pst.StringLit(text)


def test_a_path_of_odd_names_is_asked_for_step_by_step():
    """`has` of a path that the grammar has no form for says the same in several."""
    one = pst.HasAttr(pst.Var("context"), ("a", "b"))
    assert write(one) == "context has a.b"
    odd = pst.HasAttr(pst.Var("context"), ("odd key", "b"))
    assert write(odd) == 'context has "odd key" && context["odd key"] has b'
    assert write(pst.UnaryOp("not", odd)).startswith("!(context")


def test_a_whole_policy_survives():
    """Annotations, scopes, slots and clauses stand where they stood."""
    text = (
        '@id("a \\"b\\"")\n@shadow\n'
        'forbid(principal is User in ?principal, action in [Action::"a", Action::"b"], '
        'resource == A::Photo::"x")\nwhen { true }\nunless { context has mfa };'
    )
    assert write_policy(read(text)) == text
    text = "permit(principal == ?principal, action, resource in ?resource);"
    assert write_policy(read(text)) == text


@pytest.mark.parametrize("archive", ["corpus-tests.tar.gz", "hand-written.tar.gz"])
def test_the_corpus_survives(archive):
    """Each policy of Cedar's integration corpus is read back as it was."""
    path = CORPORA / "cedar" / archive
    if not path.exists():
        pytest.skip(f"{path} is absent: set YETT_CORPORA")
    seen = 0
    with tarfile.open(path) as tar:
        for member in tar:
            if not member.name.endswith(".cedar"):
                continue
            text = tar.extractfile(member).read().decode()
            try:
                tree = PolicySet.from_str(text).to_pst()
            except ValueError:
                continue  # deeper than the tree's cap, or of another language version
            for one in (*tree.static_policies.values(), *tree.templates.values()):
                assert replace(read(write_policy(one)), id=one.id) == one
                seen += 1
    assert seen > 20
