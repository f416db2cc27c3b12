"""A case in words: what matters of it, escaped and bounded."""

from __future__ import annotations

import pytest

from yett.policy.cedar.extensions import Datetime, Decimal, Duration
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.values import RecordValue, make_ipaddr, make_set
from yett.review.changes import Case, Change
from yett.review.words import MAX_CHARACTERS, example, value


def change(case, **reads):
    named = {name: frozenset(of) for name, of in reads.items()}
    return Change(
        action="a", gains=True, certainty="confirmed", kind=case.kind, case=case, reads=named
    )


def case(**more):
    who, what = Uid("User", "alice"), Uid("Doc", "1")
    given = {
        "kind": "user",
        "principal": who,
        "resource": what,
        "context": {"mfa": False, "acr": ""},
        "entities": (
            Entity(who, {"tenant": "t1", "id": "alice"}, frozenset({Uid("Group", "g")})),
            Entity(what, {"owner": Uid("User", "bob"), "n": 3}),
        ),
    }
    return Case(**{**given, **more})


def test_what_rules_read_is_shown():
    """Caller, roles, what was read of both, the context; nothing else."""
    shown = example(
        change(
            case(roles=frozenset({"staff"}), scopes=frozenset({"s"})),
            principal={"tenant", "roles"},
            resource={"owner"},
            context={"mfa"},
        )
    )
    assert shown == (
        'User::"alice" with role "staff" and scope "s" {tenant: "t1"} in Group::"g" on '
        'Doc::"1" {owner: User::"bob"}, context {mfa: false}'
    )


def test_strangers_and_unknown_records():
    """An anonymous caller has no name; a record of which nothing is known has no fields."""
    shown = example(change(case(kind="anonymous", entities=()), resource={"owner"}))
    assert shown == 'an anonymous caller on Doc::"1"'
    assert not example(Change(action="a", gains=True, certainty="not proved", kind="user"))


def test_a_case_does_not_write_to_a_terminal():
    """Control characters are escaped, and a line has an end."""
    shown = example(change(case(principal=Uid("User", "\x1b[2J" + "x" * 1000), entities=())))
    assert "\x1b" not in shown
    assert len(shown) == MAX_CHARACTERS


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (True, "true"),
        (3, "3"),
        ('a"b', '"a\\"b"'),
        (Uid("A", "1"), 'A::"1"'),
        (make_set(["b", "a"]), '["a", "b"]'),
        (RecordValue({"a": 1}), "{a: 1}"),
        (Datetime(0), 'datetime("1970-01-01'),
        (Datetime(-(2**62)), "since 1970"),
        (Duration(5), 'duration("5ms")'),
        (Decimal(15000), 'decimal("1.5'),
        (make_ipaddr("10.0.0.1"), 'ip("10.0.0.1'),
    ],
)
def test_values(given, said):
    """Each type as Cedar writes it."""
    assert said in value(given)


def test_what_is_no_value_is_a_bug():
    """Nothing is written that Cedar has not."""
    with pytest.raises(TypeError):
        value(1.5)
