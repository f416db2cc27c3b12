"""Only what both sides answer as claimed is confirmed."""

from __future__ import annotations

from kit.formulas import permit, question
from kit.pairs import write_contract
from msgspec.structs import replace

from yett.contract.load import load
from yett.policy.cedar.model import Uid
from yett.policy.compile import compile_policy
from yett.review.ask import Asker
from yett.review.changes import Case
from yett.review.encode_terms import negate
from yett.review.replay import confirm, play, secured
from yett.review.side import make_side
from yett.review.witness import stage


def asked_gain():
    asked = question(permit("context.mfa"), permit("true"))
    found = Asker(asked.facts()).ask(asked.new.allowed, negate(asked.old.allowed))
    return asked, found.model


def test_a_true_claim_is_confirmed():
    """NEW allows, OLD refuses, through cedarpy."""
    asked, model = asked_gain()
    case, confirmed = confirm(asked, model, gains=True)
    assert confirmed
    assert case.context["mfa"] is False


def test_a_false_claim_is_not():
    """The same request is no loss."""
    asked, model = asked_gain()
    assert confirm(asked, model, gains=False)[1] is False
    assert confirm(asked._replace(new=None), model, gains=True) == (None, False)


def test_a_request_that_does_not_conform_is_no_answer():
    """What Cedar refuses to look at confirms nothing."""
    asked, model = asked_gain()
    case = stage(asked, asked.new, model)
    assert play(asked.new, case) is True
    assert play(asked.new, replace(case, context={})) is None


def test_security_is_asked_for_too(tmp_path):
    """Scopes, those that roles carry, and second credentials."""
    contract = load(write_contract(tmp_path))
    side = make_side(contract, compile_policy(contract))
    action = side.actions["updateBooking"]
    who, what = Uid("User", "a"), Uid("Booking", "1")
    case = Case(kind="user", principal=who, resource=what, context={}, entities=())
    assert not secured(side, action, case)
    assert secured(side, action, replace(case, scopes=frozenset({"bookings:write"})))
    assert secured(side, action, replace(case, roles=frozenset({"admin"})))
    assert not secured(side, action, replace(case, roles=frozenset({"staff"})))
    both = replace(action, security=((("bearer", frozenset()), ("app", frozenset({"x"}))),))
    assert not secured(side, both, case)
    assert secured(side, both, replace(case, others={"app": frozenset({"x"})}))
    assert not secured(side, replace(action, security=None), case)
    approving = replace(action, approval=True)
    assert secured(side, approving, case)
    assert not secured(side, approving, replace(case, kind="anonymous"))
