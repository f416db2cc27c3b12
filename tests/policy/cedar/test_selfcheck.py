"""The self-check passes what is right and refuses compiled code that is wrong in any one clause."""

from __future__ import annotations

import pytest
from kit.cedar import SCHEMA, right, slices, when
from msgspec.structs import replace

from yett.policy.cedar import binary, selfcheck
from yett.policy.cedar.model import Decided
from yett.policy.cedar.selfcheck import MAX_DIFFERENCES, check_slices, generate
from yett.policy.cedar.slices import make_slices

BOOKING = "principal, action, resource is Booking"
TEXT = "".join(
    when(condition, id_=f"r{at}", effect=effect, scope=scope)
    for at, (condition, effect, scope) in enumerate(
        (
            ("resource.customer == principal", "permit", BOOKING),
            ('principal in Role::"staff" && principal.depots.contains(resource.depot)', "permit",
             BOOKING),
            ('resource.status == "frozen" && resource.amount > 100', "forbid", BOOKING),
            ("resource has at && resource.at < context.now", "forbid", BOOKING),
            ('context.source.isInRange(ip("10.0.0.0/8")) || context.secure', "permit",
             "principal, action, resource"),
            ('action == Action::"cancelBooking" && context.acr != "mfa"', "forbid",
             "principal, action, resource"),
            ('resource has rate && resource.rate.greaterThan(decimal("2.0"))', "forbid", BOOKING),
            ('principal has tenant && principal.tenant like "x*"', "forbid",
             "principal, action, resource"),
        )
    )
)  # fmt: skip


@pytest.mark.parametrize("engine", ["compiled", "cedar", "both"])
def test_right_code_passes(engine):
    """No difference, whichever engine decides."""
    assert check_slices(slices(TEXT, engine), SCHEMA) == ()


MUTANTS = (
    ("resource.customer == principal", "resource.customer != principal"),
    ('Role::"staff" &&', 'Role::"admin" &&'),
    ("depots.contains(resource.depot)", "depots.contains(principal.id)"),
    ('"frozen" && resource.amount > 100', '"frozen" && resource.amount > 101'),
    ('"frozen" && resource.amount > 100', '"frozen" && resource.amount >= 100'),
    ('"frozen" && resource.amount > 100', '"frozen"'),
    ("resource.at < context.now", "resource.at <= context.now"),
    ("10.0.0.0/8", "10.0.0.0/9"),
    ("|| context.secure", ""),
    ('"cancelBooking" && context.acr != "mfa"', '"cancelBooking"'),
    ('action == Action::"cancelBooking" &&', 'action == Action::"getBooking" &&'),
    ("greaterThan", "greaterThanOrEqual"),
    ('decimal("2.0")', 'decimal("2.0001")'),
    ('like "x*"', 'like "*"'),
    ('like "x*"', 'like "x"'),
)


@pytest.mark.parametrize(("was", "now"), MUTANTS)
def test_wrong_code_is_refused(was, now):
    """Code that evaluates one clause otherwise than its text says is found out."""
    assert was in TEXT
    told, done = right(TEXT), right(TEXT.replace(was, now, 1))
    rules = [replace(rule, tree=other.tree) for rule, other in zip(told, done, strict=True)]
    found = check_slices(make_slices(rules, SCHEMA, engine="compiled"), SCHEMA)
    assert found
    assert all(text.startswith("`") and "\n" not in text for text in found)


def test_a_difference_names_action_rules_and_verdicts():
    """Enough to find the rule, nothing of the request."""
    made = slices(when("context.secure", id_="only"))
    wrong = {
        id_: replace(slice_, decide=lambda _: Decided(True, ("only",), (), True))
        for id_, slice_ in made.items()
    }
    found = check_slices(wrong, SCHEMA)
    assert found[0] == (
        "`getBooking`: compiled allows by `only`, cedarpy denies by no rule (errors: `only`)"
    )


def test_differences_are_bounded():
    """A wholly wrong engine is told in a few lines."""
    made = slices(TEXT)
    wrong = {
        id_: replace(slice_, decide=lambda inputs: Decided(True, (str(id(inputs)),)))
        for id_, slice_ in made.items()
    }
    assert 1 <= len(check_slices(wrong, SCHEMA)) <= MAX_DIFFERENCES


def test_requests_are_bounded(monkeypatch):
    """However many policies there are, a start asks so many and no more."""
    asked = []
    monkeypatch.setattr(selfcheck, "MAX_REQUESTS", 7)
    monkeypatch.setattr(selfcheck, "MAX_FURTHER_REQUESTS", 5)
    made = slices(TEXT)
    counting = {
        id_: replace(slice_, decide=lambda i, ask=slice_.decide: asked.append(i) or ask(i))
        for id_, slice_ in made.items()
    }
    assert check_slices(counting, SCHEMA) == ()
    assert len(asked) == 12


def test_a_rule_is_asked_for_once_in_each_environment():
    """Global rules of many actions cost no more than those of one, unless they name the action."""
    text = when("context.secure", id_="global")
    own = when('action == Action::"status" || context.secure', id_="own")
    assert len(list(generate(slices(text), SCHEMA))) < len(list(generate(slices(own), SCHEMA)))


def test_a_slice_that_cedarpy_decides_is_not_compared():
    """What is not compiled is cedarpy's answer already."""
    deep = "if context.secure then (" * 101 + "true" + ") else false" * 101
    assert not list(generate(slices(when(deep)), SCHEMA))
    assert not list(generate(slices(TEXT, "cedar"), SCHEMA))


def test_a_forbid_hides_no_difference_of_a_permit(monkeypatch):
    """Where a forbid holds, decisions name forbids only: the permits behind it are compared too."""

    def wrong(emitter, one, two):
        return emitter.code("{}.elements.isdisjoint({}.elements)", one, two, kind=bool)

    monkeypatch.setitem(binary._SHORT, "contains_any", wrong)
    permit = when(
        'principal.depots.containsAny(["x", "y"])', id_="p", effect="permit", scope=BOOKING
    )
    always = when("true", id_="f", effect="forbid", scope=BOOKING)
    assert check_slices(slices(permit, "compiled"), SCHEMA)
    assert check_slices(slices(permit + always, "compiled"), SCHEMA)
