"""What a client may learn from a denial."""

from __future__ import annotations

import pytest

from yett.engine.denial import asks_seen, deny, only_state, reason, state_rules
from yett.policy.authz.model import Guard, Located, Place
from yett.policy.cedar.model import Decided, Footprint, Rule, Slice


def rules(*made, **reads):
    return Slice(action="a", rules=made, footprint=Footprint(**reads), decide=None, foresee=None)


def rule(id_, generated=True):
    return Rule(id=id_, effect="forbid", tree=None, text="", source=None, generated=generated)


IN_PATH = Located("path", "id")


def guard(hides=True, located=IN_PATH):
    return Guard(slice=None, place=Place.READ, type="Booking", located=located, hides=hides)


class Noted:
    """The part of an exchange that says why."""

    def __init__(self, why=(), policies=()):
        self.why = why
        self.policies = policies


@pytest.mark.parametrize(
    ("hides", "blind", "reads", "code"),
    [
        (True, False, {}, "no-such-record"),
        (True, True, {}, "not-permitted"),
        (True, True, {"resource_uid": True}, "no-such-record"),
        (True, True, {"context": frozenset({"seen"})}, "no-such-record"),
        (True, True, {"whole": frozenset({"context"})}, "no-such-record"),
        (False, False, {}, "not-permitted"),
        (False, True, {"resource_uid": True}, "not-permitted"),
        (False, True, {"context": frozenset({"seen"})}, "no-such-record"),
    ],
)
def test_what_differs_by_record_looks_like_a_missing_one(hides, blind, reads, code):
    """What is the same for every record is plainly forbidden."""
    assert deny(Noted(), guard(hides), rules(**reads), blind=blind).code == code


def test_where_no_record_is_named_nothing_is_hidden():
    """Lists and new records have no id to guess."""
    reads = {"context": frozenset({"seen"})}
    assert deny(Noted(), guard(False, None), rules(**reads), blind=True).code == "not-permitted"


def test_the_reason_is_for_the_record():
    """A clause, else a rule, else that nothing permits."""
    assert reason(Noted(("because", "also"), ("r",))) == "because"
    assert reason(Noted((), ("r",))) == "forbidden by `r`"
    assert reason(Noted()) == "no rule permits it"
    assert deny(Noted(("because",)), guard(), rules(), blind=False).note == "because"


STATES = frozenset({"state:a"})


@pytest.mark.parametrize(
    ("decided", "alone"),
    [
        (Decided(False, ("state:a",), (), permitted=True), True),
        (Decided(False, ("state:a",), (), permitted=False), False),
        (Decided(False, ("state:a", "team"), (), permitted=True), False),
        (Decided(False, ("state:a",), ("state:a",), permitted=True), False),
        (Decided(False, (), (), permitted=True), False),
        (Decided(False, (), (), permitted=False), False),
    ],
)
def test_a_wrong_state_is_told_only_where_nothing_else_forbids(decided, alone):
    """A stranger, a second forbid or a rule that erred: no state is told."""
    assert only_state(decided, STATES) is alone


def test_state_rules_are_those_of_machines():
    """An id that the team chose to look like one is none."""
    made = rules(rule("state:a"), rule("state:b", generated=False), rule("seen:a"))
    assert state_rules(made) == {"state:a"}


def test_a_slice_asks_for_what_was_seen_by_name_or_as_a_whole():
    """A context taken as a whole may be asked for anything."""
    assert asks_seen(rules(context=frozenset({"seen"})))
    assert asks_seen(rules(whole=frozenset({"context"})))
    assert not asks_seen(rules(context=frozenset({"now"})))
