"""Slices decide as Cedar does, deny where Cedar fails open, and never raise."""

from __future__ import annotations

import pytest
from kit.cedar import B1, STAFF, U1, U2, asking, booking, right, tree, user, when

from yett.contract.places import Source
from yett.policy.cedar.compile import compile_decide, compile_foresee, compile_test
from yett.policy.cedar.model import Decided, Entity, Inputs, Rule, Uid
from yett.policy.cedar.values import make_set

GET = Uid("Action", "getBooking")
ACTIONS = {GET: frozenset((Uid("Action", "read"),))}
TEXT = """
@id("own") permit(principal, action, resource is Booking) when { resource.customer == principal };
@id("depot") permit(principal in Role::"staff", action, resource is Booking)
  when { principal.depots.contains(resource.depot) };
@id("frozen") forbid(principal, action, resource is Booking) when { resource.status == "frozen" };
@id("night") forbid(principal, action, resource) unless { context.secure };
"""
RULES = right(TEXT)


def decide(inputs, rules=RULES, **options):
    return compile_decide(rules, GET, ACTIONS, **options)(inputs)


def foresee(inputs, rules=RULES):
    return compile_foresee(rules, GET, ACTIONS)(inputs)


@pytest.mark.parametrize(
    ("inputs", "decided"),
    [
        (asking(user(), booking()), Decided(True, ("own",), (), True)),
        (asking(user(U1, STAFF), booking()), Decided(True, ("own", "depot"), (), True)),
        (asking(user(U2), booking()), Decided(False)),
        (asking(user(U2, STAFF), booking()), Decided(True, ("depot",), (), True)),
        (asking(user(), booking(status="frozen")), Decided(False, ("frozen",), (), True)),
        (asking(user(), booking(), secure=False), Decided(False, ("night",), (), True)),
        (
            asking(user(), booking(status="frozen"), secure=False),
            Decided(False, ("frozen", "night"), (), True),
        ),
    ],
)
def test_decisions(inputs, decided):
    """With all that determined them, and whether anything permitted."""
    assert decide(inputs) == decided


def test_a_forbid_that_cannot_read_its_attribute_denies():
    """Cedar skips it and allows (measured); a record without a status is not let through."""
    record = booking()
    without = Entity(B1, {k: v for k, v in record.attrs.items() if k != "status"})
    assert decide(asking(user(), without)) == Decided(False, ("frozen",), ("frozen",), True)
    assert decide(asking(user(), without), strict=False).allow


def test_a_forbid_of_a_wrong_type_denies():
    """An error of any kind in a forbid: a type, an overflow, a missing entity."""
    rules = right(when("true") + when("resource.amount + 1 < 5", id_="f", effect="forbid",
                                      scope="principal, action, resource is Booking"))  # fmt: skip
    for amount in ("5", True, None, 2**63 - 1, make_set([])):
        assert decide(asking(user(), booking(amount=amount)), rules).errors == ("f",)
    assert not decide(asking(user(), B1), rules).allow


def test_a_permit_that_errs_permits_nothing():
    """And is named among the errors."""
    assert decide(asking(user(U1, STAFF), B1)) == Decided(
        False, ("frozen",), ("own", "depot", "frozen")
    )


@pytest.mark.parametrize(
    "broken",
    [
        Inputs(None, None, None, None),
        Inputs(U1, B1, None, {}),
        Inputs(U1, B1, {}, {U1: "no entity"}),
        Inputs(U1, [], {}, {}),
        None,
    ],
)
def test_nothing_raises(broken):
    """What is no question is denied; the gate's own mistakes open nothing."""
    found = decide(broken)
    assert not found.allow
    assert {"frozen", "night"} & set(found.errors)
    assert foresee(broken) is None or not foresee(broken).allow


def test_no_rules_deny():
    """Nothing permits where there is nothing."""
    assert decide(asking(user(), booking()), ()) == Decided(False)
    assert foresee(asking(user(), B1), ()) == Decided(False)


class TestForesee:
    """What is certain before the record is read."""

    def test_what_depends_on_the_record_is_not_foreseen(self):
        """A customer may be anybody's."""
        assert foresee(asking(user(), B1)) is None

    def test_a_forbid_that_needs_no_record_denies_at_once(self):
        """An insecure channel is enough, nobody has to be asked."""
        found = foresee(asking(user(), B1, secure=False))
        assert found == Decided(False, ("night",))

    def test_nothing_that_could_permit_denies_at_once(self):
        """Only `depot` could permit, and that is for staff."""
        rules = tuple(rule for rule in RULES if rule.id != "own")
        assert foresee(asking(user(), B1), rules) == Decided(False)
        assert foresee(asking(user(U1, STAFF), B1), rules) is None

    def test_what_needs_no_record_is_decided(self):
        """With the same decision as later."""
        rules = right(when('principal in Role::"staff" && context.secure'))
        for principal in (user(), user(U1, STAFF)):
            inputs = asking(principal, B1)
            assert foresee(inputs, rules) == decide(inputs, rules)

    def test_a_condition_behind_the_record_still_tells(self):
        """A permit that needs the record and a role is hopeless without the role."""
        rules = right(
            when('resource.status == "open" && principal in Role::"staff"',
                 scope="principal, action, resource is Booking")
        )  # fmt: skip
        assert foresee(asking(user(), B1), rules) == Decided(False)
        assert foresee(asking(user(U1, STAFF), B1), rules) is None

    def test_a_forbid_behind_the_record_does_not(self):
        """It may err before it is false, and then it denies."""
        rules = right(
            when("true")
            + when('resource.status == "x" && principal in Role::"admin"', id_="f",
                   effect="forbid", scope="principal, action, resource is Booking")
        )  # fmt: skip
        assert foresee(asking(user(), B1), rules) is None

    def test_the_record_behind_another_name_is_unknown_too(self):
        """`principal.boss` may be the resource; its attributes are not simply absent."""
        boss = Entity(U1, {"id": "u1", "boss": B1}, frozenset())
        for condition in (
            "principal.boss has status",
            'principal.boss.status == "open"',
            'principal.boss in Api::"x"',
            "(if context.secure then resource else principal) has status",
            '!{"a": resource}.a.paid',
            'resource.hasTag("x")',
            'Booking::"b1" has status',
        ):
            text = when(condition)
            rule = Rule(id="one", effect="permit", tree=tree(text), text=text, source=Source())
            assert foresee(asking(boss, B1), (rule,)) is None, condition

    def test_a_principal_that_is_the_record_may_learn_more(self):
        """`GET /users/u1` by u1: the record adds attributes, so an absent one is unknown."""
        rules = right(when("principal has tenant"))
        assert foresee(asking(user(), U1), rules) is None
        assert foresee(asking(user(tenant="t"), U1), rules) == Decided(True, ("one",), (), True)
        assert foresee(asking(user(), U2), rules) == Decided(False)
        staff = right(when('principal in Role::"staff"'))
        assert foresee(asking(user(), U1), staff) is None
        assert foresee(asking(user(), U2), staff) == Decided(False)


def test_one_condition_alone():
    """Holds, or does not; what errs does not."""
    rule = RULES[0]
    test = compile_test(rule.tree.clauses[0].expr, GET, ACTIONS)
    assert test(asking(user(), booking())) is True
    assert test(asking(user(U2), booking())) is False
    assert test(asking(user(), B1)) is False


def test_many_rules_in_one_slice():
    """300 rules, each with its bit, in one function."""
    rules = right("".join(when(f'context.acr == "{n}"', id_=f"r{n}") for n in range(300)))
    for n in (0, 31, 64, 299):
        assert decide(asking(user(), booking(), acr=str(n)), rules).ids == (f"r{n}",)
    assert decide(Inputs(U1, B1, {}, {}), rules).errors == tuple(f"r{n}" for n in range(300))


def test_the_action_is_a_constant():
    """`action` in a condition is the slice's own."""
    rules = right(when('action == Action::"getBooking" && action in Action::"read"'))
    assert decide(asking(user(), booking()), rules).allow
    other = Uid("Action", "cancelBooking")
    found = compile_decide(rules, other, {other: frozenset(), **ACTIONS})
    assert not found(asking(user(), booking())).allow
