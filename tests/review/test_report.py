"""Findings for people and programs, and when a pipeline must stop."""

from __future__ import annotations

import json

from yett.contract.places import Source
from yett.policy.cedar.model import Rule, Uid
from yett.review.changes import Case, Change
from yett.review.report import Review, as_data
from yett.terms import Finding

RULE = Rule(id="r", effect="permit", tree=None, text="", source=Source("p.cedar", 7))
CASE = Case(
    kind="user", principal=Uid("User", "a"), resource=Uid("Doc", "1"), context={}, entities=()
)


def change(**more):
    given = {"action": "get", "gains": True, "certainty": "confirmed", "kind": "user"}
    return Change(**{**given, **more})


def test_kinds_that_gain_the_same_are_told_together():
    """One finding for an action, with each class of callers, at the rule that permits now."""
    changes = tuple(
        change(kind=kind, who=(f"{kind} with role `r`",), case=CASE, permits=(RULE,))
        for kind in ("user", "key")
    )
    (finding,) = Review(changes=changes).findings()
    assert finding.message == "`get` is newly allowed for user, key with role `r`"
    assert (finding.path, finding.line, finding.severity) == ("p.cedar", 7, "error")
    assert finding.hint == 'such as User::"a" on Doc::"1"; now permitted by `r`'


def test_certainty_is_in_the_words():
    """What was not replayed is POSSIBLE; what was not decided is NOT PROVED."""
    possible = Review(changes=(change(certainty="possible", who=("user",)),)).findings()[0]
    assert (possible.rule, possible.severity) == ("access-possible", "warning")
    assert possible.message.startswith("POSSIBLE: ")
    open_ = Review(changes=(change(certainty="not proved", note="timeout"),))
    (finding,) = open_.findings()
    assert finding.message == "NOT PROVED: `get` may be newly allowed for user"
    assert finding.hint.startswith("timeout; read this change by hand")
    assert not open_.proved()


def test_a_sensitive_operation_fails_closed():
    """What is not proved of it is an error."""
    changes = (change(certainty="not proved"),)
    found = Review(changes=changes, sensitive=frozenset({"get"})).findings()
    assert found[0].severity == "error"
    unasked = Review(unasked="install it", sensitive=frozenset({"get"})).findings()
    assert unasked[0].severity == "error"


def test_a_loss_widens_nothing():
    """Who loses is told, and the exit code is 0."""
    lost = Review(changes=(change(gains=False, who=("user",), forbids=(RULE,)),))
    (finding,) = lost.findings()
    assert finding.message == "`get` is no longer allowed for user"
    assert "now forbidden by `r`" in finding.hint
    assert lost.proved()
    assert not lost.widened()


def test_the_worst_comes_first():
    """Errors, then warnings, then notes."""
    spec = tuple(Finding(rule=s, severity=s, message="m") for s in ("note", "warning", "error"))
    found = Review(spec=spec)
    assert [f.severity for f in found.findings()] == ["error", "warning", "note"]
    assert found.widened()


def test_programs_get_everything():
    """The JSON has each change with its request and its rules."""
    data = as_data(
        Review(changes=(change(case=CASE, permits=(RULE,), who=("user",)),), questions=2)
    )
    row = json.loads(json.dumps(data))["changes"][0]
    assert row["permits"] == [{"id": "r", "path": "p.cedar", "line": 7}]
    assert row["case"]["principal"] == {"type": "User", "id": "a"}
    assert (data["proved"], data["questions"]) == (False, 2)
