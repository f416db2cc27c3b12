"""WHO: classes that are named by what the rules ask."""

from __future__ import annotations

from kit.formulas import permit, question
from kit.pairs import write_contract

from yett.contract.load import load
from yett.policy.compile import compile_policy
from yett.review.ask import Answer, Asker
from yett.review.classes import PERHAPS, find_ties, groups, tell
from yett.review.encode_terms import TRUE
from yett.review.pairs import pair_actions
from yett.review.question import questions
from yett.review.side import make_side


def told(old, new):
    asked = question(old, new)
    found, among = find_ties(asked), groups(asked)
    asker = Asker(asked.facts())
    return tell(asker, asked.new.allowed, among, found)


def test_each_role_alone(tmp_path):
    """Users without a role, with each role alone; strangers are one class."""
    contract = load(write_contract(tmp_path))
    side = make_side(contract, compile_policy(contract))
    pair = next(p for p in pair_actions(side, side) if p.name == "getBooking")
    named = {q.kind: [g.name for g in groups(q)] for q in questions(pair, side, side, {})}
    assert named["user"] == [
        "user without a role",
        "user with role `staff`",
        "user with role `admin`",
    ]
    assert named["key"][1] == "key with role `staff`"


def test_ties_name_the_classes():
    """Own and of others, with and without mfa; what does not matter is left out."""
    both = permit('resource.owner == principal && context.amr.contains("mfa")')
    assert told(both, both) == ["User, own, with mfa"]
    either = permit('resource.owner == principal || context.amr.contains("mfa")')
    assert told(either, either) == [
        "User, own, with mfa",
        "User, own, without mfa",
        "User, of others, with mfa",
    ]
    other = permit("principal.name == resource.t")
    assert told(other, other) == ["User, where `principal.name == resource.t`"]
    assert told(permit("false"), permit("true")) == ["User"]


def test_roles_that_do_not_matter_are_left_out(tmp_path):
    """What holds for every role is said of the kind."""
    contract = load(write_contract(tmp_path))
    side = make_side(contract, compile_policy(contract))
    pair = next(p for p in pair_actions(side, side) if p.name == "getBooking")
    asked = next(q for q in questions(pair, side, side, {}) if q.kind == "user")
    assert tell(Asker(asked.facts()), TRUE, groups(asked), []) == ["user"]


def test_time_that_runs_out_names_no_class():
    """A class is named only when the solver found it."""
    asked = question(permit("true"), permit("resource.owner == principal"))
    found, among = find_ties(asked), groups(asked)

    class Tired(Asker):
        def ask(self, *conditions):
            return super().ask(*conditions) if len(conditions) < 3 else Answer("unknown")

    assert tell(Tired(asked.facts()), TRUE, among, found) == [f"User, {PERHAPS}"]
