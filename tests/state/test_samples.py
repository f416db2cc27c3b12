"""Sampled decisions: one of so many, bounded, compared with what another engine says."""

from __future__ import annotations

from yett.policy.cedar.model import Decided, Entity, Footprint, Inputs, Slice, Uid
from yett.policy.cedar.slices import WRONG_TYPE
from yett.state.samples import Samples, compare

ALLOW = Decided(allow=True, ids=("own", "staff"), permitted=True)
DENY = Decided(allow=False)
SLICE = Slice(
    action="getBooking",
    rules=(),
    footprint=Footprint(),
    decide=lambda _: ALLOW,
    foresee=lambda _: None,
)


def inputs(booking="b1"):
    uid = Uid("Booking", booking)
    return Inputs(Uid("User", "u1"), uid, {}, {uid: Entity(uid)})


def test_one_of_so_many_is_taken():
    """`every` decisions make one sample, none while it is 0."""
    samples = Samples(10)
    for _ in range(95):
        samples.sample(SLICE, inputs(), ALLOW)
    assert len(samples) == 9
    none = Samples(0)
    for _ in range(1000):
        none.sample(SLICE, inputs(), ALLOW)
    assert len(none) == 0


def test_the_queue_never_grows_and_never_waits():
    """What nobody takes out is bounded; taking empties it."""
    samples = Samples(1, most=5)
    for _ in range(100):
        samples.sample(SLICE, inputs(), ALLOW)
    assert len(samples.take()) == 5
    assert samples.take() == []


def test_a_sample_keeps_what_was_decided_on():
    """The caller may go on with the same inputs for the next item of a list."""
    samples = Samples(1)
    asked = inputs("b1")
    samples.sample(SLICE, asked, ALLOW)
    asked.resource = Uid("Booking", "b2")
    asked.entities.clear()
    kept = samples.take()[0].inputs
    assert kept.resource == Uid("Booking", "b1")
    assert kept.resource in kept.entities


def test_agreement_is_in_decision_rules_and_errors():
    """The order of rules is no difference; another decision, rule or error is one."""
    samples = Samples(1)
    samples.sample(SLICE, inputs(), ALLOW)
    taken = samples.take()
    same = Decided(allow=True, ids=("staff", "own"))
    assert compare(taken, lambda *_: same) == []
    for other in (
        DENY,
        Decided(allow=True, ids=("own",)),
        Decided(allow=True, ids=("own", "staff"), errors=("own",)),
    ):
        assert len(compare(taken, lambda *_, said=other: said)) == 1


def test_a_divergence_names_rules_and_nobody():
    """Its words hold action and rules, no entity and no attribute."""
    samples = Samples(1)
    samples.sample(SLICE, inputs("secret-id"), ALLOW)
    (found,) = compare(samples.take(), lambda *_: Decided(allow=False, errors=("own",)))
    assert str(found) == (
        "`getBooking` is allowed by own, staff compiled and "
        "denied by no rule, errors in own in cedarpy"
    )


def test_a_denial_before_any_rule_is_no_difference():
    """What is of a type that the action is not for is denied here, and unknown to cedarpy."""
    samples = Samples(1)
    samples.sample(SLICE, inputs(), Decided(False, (), (WRONG_TYPE,)))
    assert compare(samples.take(), lambda *_: ALLOW) == []
