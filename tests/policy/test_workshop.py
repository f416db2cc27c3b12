"""The workshop compiles once, keeps its promises and names what it refuses."""

from __future__ import annotations

import pytest

from yett.contract.errors import ContractError
from yett.contract.report import Report
from yett.policy import workshop as module
from yett.policy.rules import SCHEMA_ALTERNATIVES
from yett.policy.workshop import Workshop
from yett.terms import Mode

OBJECT = {"type": "object", "properties": {"a": {}}}


@pytest.mark.parametrize(
    ("mode", "closed", "opened"),
    [(Mode.ENFORCE, True, False), (Mode.OBSERVE, True, True), (Mode.OFF, False, True)],
)
def test_promises(mode, closed, opened, new_api):
    """Each mode compiles the variants it needs and no other."""
    shop = Workshop(new_api(), Report())
    judging, _ = shop.promise(OBJECT, mode)
    shop.finish()
    assert (judging.closed is not None, judging.opened is not None) == (closed, opened)
    assert shop.judge(judging)({"a": 1}, 1) == ()


def test_errors_carry_the_subject(new_api):
    """A refusal at load names the operation it is about."""
    api = new_api()
    shop = Workshop(api, Report())
    shop.notes.turn_to(api.operations[0])
    shop.promise({"$ref": "#/nowhere"}, Mode.ENFORCE)
    with pytest.raises(ContractError) as raised:
        shop.finish()
    assert raised.value.findings[0].subject == "x.op"
    assert "`#/nowhere`" in raised.value.findings[0].message


def test_too_many_schemas(new_api, monkeypatch):
    """A document with more schemas than the cap is a finding."""
    monkeypatch.setattr("yett.policy.schemas.MAX_SCHEMA_NODES", 0)
    shop = Workshop(new_api(), Report())
    shop.promise(OBJECT, Mode.ENFORCE)
    with pytest.raises(ContractError, match="too many schemas"):
        shop.finish()


def test_nesting_is_capped(new_api, monkeypatch):
    """Dynamic places that nest too deep are closed statically instead."""
    monkeypatch.setattr(module, "MAX_DYNAMIC_NESTING", 0)
    report = Report()
    shop = Workshop(new_api(), report)
    choice = {"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}
    judging, _ = shop.promise(choice, Mode.ENFORCE)
    shop.finish()
    judge = shop.judge(judging)
    assert judge({"a": 1, "b": 1}, 1) == ()
    assert judge({"c": 1}, 1).code == "unknown"
    assert "unevaluatedProperties" not in str(shop.bundle.defs)
    assert [remark.rule for remark in report.remarks] == [SCHEMA_ALTERNATIVES]
