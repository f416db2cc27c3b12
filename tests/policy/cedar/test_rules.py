"""Policies are read with file and line, or are flaws with file and line."""

from __future__ import annotations

import pytest
from kit.cedar import SCHEMA, policies, slices, when

from yett.contract.model import PolicyText
from yett.policy.cedar.rules import MAX_ID_CHARS, read_rules

ANY = "permit(principal, action, resource);"


def flaws(text, **given):
    return read_rules(policies(text), SCHEMA, **given)[1]


def only_flaw(text, **given):
    (found,) = flaws(text, **given)
    return found


def test_rules_know_where_they_stand():
    """Id, effect, text, file and line of each, in order, over several files."""
    files = (
        PolicyText(
            "a.cedar", f'// first\n\n@id("a")\n{ANY}\n@id("b") forbid(principal, action, resource);'
        ),
        PolicyText("b.cedar", f'@id("c") @note("x") {ANY} // end'),
    )
    made = (PolicyText("machine Booking", f'@id("state:x") {ANY}'),)
    rules, found = read_rules(files, SCHEMA, generated=made)
    assert not found
    assert [(r.id, r.effect, r.source.path, r.source.line, r.generated) for r in rules] == [
        ("a", "permit", "a.cedar", 3, False),
        ("b", "forbid", "a.cedar", 5, False),
        ("c", "permit", "b.cedar", 1, False),
        ("state:x", "permit", "machine Booking", 1, True),
    ]
    assert rules[0].text == f'@id("a")\n{ANY}'
    assert rules[1].tree.effect == "forbid"


@pytest.mark.parametrize("text", ["", "\n // nothing \n"])
def test_no_policies_are_no_rules(text):
    """An empty file is fine."""
    assert read_rules(policies(text), SCHEMA) == ((), ())


@pytest.mark.parametrize("annotation", ["", '@note("x")', "@id", '@id("")'])
def test_a_policy_needs_an_id(annotation):
    """Cedar's own ids are positions: they change when a line is added above."""
    found = only_flaw(f"\n{annotation} {ANY}")
    assert (found.line, found.message) == (2, "this policy has no id")
    assert found.hint == 'write `@id("a-name")` before it'


def test_an_id_is_one_policys():
    """In one file and over several; the other one is named."""
    found = only_flaw(f'@id("a") {ANY}\n@id("a") {ANY}')
    assert (found.line, found.message, found.hint) == (
        2, "`a` is the id of another policy", "see policies/a.cedar:1",
    )  # fmt: skip
    files = (PolicyText("a.cedar", f'@id("a") {ANY}'), PolicyText("b.cedar", f'@id("a") {ANY}'))
    (found,) = read_rules(files, SCHEMA)[1]
    assert (found.path, found.hint) == ("b.cedar", "see a.cedar:1")


@pytest.mark.parametrize("id_", ["state:x", "default:getBooking"])
def test_ids_of_generated_rules_are_kept(id_):
    """A team cannot take the name of a rule that the contract makes."""
    assert only_flaw(f'@id("{id_}") {ANY}').message == f"`{id_}` is kept for a generated rule"


@pytest.mark.parametrize("id_", ["a b", "-a", "a\\nb", "é", "<b>", "x" * (MAX_ID_CHARS + 1)])
def test_ids_are_plain(id_):
    """They go into logs and headers: no spaces, no controls, no markup, no end."""
    found = only_flaw(f'@id("{id_}") {ANY}')
    assert found.message.endswith("cannot be the id of a policy")
    assert found.message.isprintable()
    assert not flaws(f'@id("{"x" * MAX_ID_CHARS}") {ANY}')


@pytest.mark.parametrize("scope", ["principal == ?principal", "principal in ?principal"])
def test_templates_are_refused(scope):
    """A template permits nothing until somebody links it, and looks as if it did."""
    found = only_flaw(f'@id("a")\npermit({scope}, action, resource);')
    assert (found.line, found.message) == (2, "templates are not supported")


def test_every_flaw_is_found_at_once():
    """One mistake does not hide the next; they come in the order of the text."""
    text = f"""@id("a") permit(principal action, resource);
@id("b") permit(principal, action, resource) when {{ resource.custmer == principal }};
{ANY}
@id("d") permit(principal, action == Action::"getBokin", resource)
when {{ "x" }};"""
    found = flaws(text)
    assert [flaw.line for flaw in found] == [1, 2, 3, 4]
    assert found[3].hint == "did you mean `getBooking`?"


def test_a_wrong_rule_is_no_rule():
    """What does not validate is taken out, whatever else is right."""
    rules, found = read_rules(
        policies(when("resource.x == 1", id_="wrong") + when("true", id_="right")), SCHEMA
    )
    assert [rule.id for rule in rules] == ["right"]
    assert found


def test_a_name_outside_of_the_scope_is_no_consequence():
    """Cedar adds that no action is applicable; only the mistake itself is told."""
    found = only_flaw('@id("a") permit(principal is Usr, action, resource);')
    assert found.message == "`a`: unrecognized entity type `Usr`"


def test_text_that_cedarpys_tree_cannot_hold():
    """Deeper than 100 levels: the rule keeps its scope, cedarpy decides its slices alone."""
    deep = "if context.secure then (" * 101 + "true" + ") else false" * 101
    text = (
        f'@id("deep") permit(principal, action == Action::"getBooking", resource) when {{ {deep} }};'
        + when("true", id_="other")
    )
    rules, found = read_rules(policies(text), SCHEMA)
    assert not found
    assert rules[0].tree is None
    assert rules[0].head.effect == "permit"
    made = slices(text)
    assert "no syntax tree" in made["getBooking"].fallback
    assert not made["status"].fallback
    assert [rule.id for rule in made["status"].rules] == ["other"]


def test_lines_are_right_behind_hostile_text():
    """Strings and comments that look like policies move no line."""
    text = f'// @id("x") {ANY}\n@id("a")\npermit(principal, action, resource)\nwhen {{ "; @id" != "\n" }};\n{ANY}'
    found = only_flaw(text)
    assert (found.line, found.message) == (6, "this policy has no id")
