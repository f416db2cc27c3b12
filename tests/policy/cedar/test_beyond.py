"""What a rule asks of entities that no decision is ever given."""

from __future__ import annotations

import pytest

from yett.contract.model import PolicyText
from yett.policy.cedar.beyond import UNREADABLE, reads_of
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices
from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Record,
    Reference,
    Schema,
    SetOf,
)

STRING = Plain("String")
SCHEMA = Schema(
    {
        "Role": EntityType(name="Role", members=("staff",)),
        "User": EntityType(
            name="User",
            attributes=(
                Attribute("roles", SetOf(STRING)),
                Attribute("team", STRING, required=False),
                Attribute("boss", Reference("User"), required=False),
            ),
            parents=("Role",),
        ),
        "Service": EntityType(name="Service", parents=("Role",)),
        "Folder": EntityType(name="Folder", parents=("Folder",)),
        "Doc": EntityType(
            name="Doc",
            attributes=(
                Attribute("folder", Reference("Folder")),
                Attribute("owner", Reference("User")),
                Attribute("note", STRING, required=False),
                Attribute("place", Record((Attribute("city", STRING, required=False),))),
                Attribute("shared", SetOf(Reference("User"))),
            ),
        ),
    },
    {
        "get": ActionType(id="get", principals=("User", "Service"), resources=("Doc",)),
        "view": ActionType(id="view", principals=("User",), resources=("User",)),
    },
)


def reads(condition, action="get", principal="principal is User"):
    text = f'@id("r") forbid({principal}, action == Action::"{action}", resource) when {{ {condition} }};'
    rules, flaws = read_rules((PolicyText("p", text),), SCHEMA)
    assert not flaws, flaws
    return reads_of(rules[0], SCHEMA.actions[action], SCHEMA)


@pytest.mark.parametrize(
    "condition",
    [
        "resource.owner has team",
        'resource.owner has team && resource.owner.team == "x"',
        "resource has owner.team",
        'resource.owner in Role::"staff"',
        'resource.folder in Folder::"secret"',
        'resource.owner in [Role::"staff"]',
        'resource.owner is User in Role::"staff"',
        "principal has boss && principal.boss has team",
        "principal has boss.team",
        'principal has boss && principal.boss in Role::"staff"',
        'User::"eve" has team',
        'User::"eve" in Role::"staff"',
        '(if context == context then resource.owner else User::"a") has team',
    ],
)
def test_what_is_silently_false_of_a_third_entity_is_named(condition):
    """`has` and `in` of an entity that nobody knows are false, so a forbid would never hold."""
    found = reads(condition)
    assert found.others
    assert found.silent


def test_an_attribute_of_a_third_entity_errs_aloud():
    """It is named too, but an error never permits."""
    found = reads('resource.owner.roles.contains("staff")')
    assert found.others == {"resource.owner.roles"}
    assert not found.silent


@pytest.mark.parametrize(
    "condition",
    [
        "resource.owner == principal",
        "resource.owner in principal",
        'resource.owner in User::"a"',
        "principal in resource.shared",
        "resource.shared.contains(principal)",
        'principal in Role::"staff"',
        'principal has team && principal.team == "x"',
        'resource has note && resource.note == "x"',
        "resource.place has city",
        "resource has place.city",
        '{a: "x"}.a == "x"',
        "(if principal has team then principal else principal).roles.isEmpty()",
        'resource in Doc::"3"',
        'action in [Action::"get"]',
    ],
)
def test_the_caller_and_the_record_are_known(condition):
    """Names, and all there is of the two, need nobody else."""
    assert not reads(condition).others


def test_the_groups_of_a_record_are_not_known():
    """A record of a person shows no roles: `resource in Role::"staff"` is false of everybody."""
    assert reads('resource in Role::"staff"', "view").silent


def test_a_record_used_as_a_whole_reads_all_of_it():
    """Which attribute is behind `if` cannot be told from the name of a variable."""
    found = reads("(if context == context then resource else resource) has note")
    assert found.attributes == {"folder", "owner", "note", "place", "shared"}
    assert not found.others


def test_what_has_no_type_for_one_caller_is_judged_by_the_others():
    """A service has no `boss`; that says nothing of what a person's boss is asked for."""
    guarded = "principal is User && principal has boss && principal.boss has team"
    assert reads(guarded, principal="principal").silent
    own = "principal is User && principal has team"
    assert not reads(own, principal="principal").others


def test_a_rule_without_a_tree_may_ask_anybody():
    """What cannot be looked into is not taken for harmless where entities lead to others."""
    many = " || ".join(f'resource == Doc::"{n}"' for n in range(150))
    assert reads(many).others == {UNREADABLE}
    assert reads(many).attributes == {"folder", "owner", "note", "place", "shared"}


def test_each_rule_of_a_slice_says_what_it_reads():
    """In the order of the rules."""
    text = """@id("a") permit(principal, action, resource is Doc) when { resource has note };
    @id("b") permit(principal, action, resource is Doc) when { resource.owner has team };"""
    rules, _ = read_rules((PolicyText("p", text),), SCHEMA)
    one, two = make_slices(rules, SCHEMA, engine="compiled")["get"].reads
    assert (one.attributes, one.others) == ({"note"}, frozenset())
    assert (two.attributes, two.silent) == ({"owner"}, True)
