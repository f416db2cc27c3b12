"""Which action is which: renames, field classes, what only one side has."""

from __future__ import annotations

from msgspec.structs import replace

from yett.policy.cedar.types import ActionType, EntityType, Schema
from yett.review.pairs import pair_actions, rename_types, shared_names, unchanged
from yett.review.side import Action, Side


def side(*actions, resource="Doc", person="User"):
    types = {n: EntityType(name=n) for n in (person, resource)}
    schema = Schema(
        types,
        {a.id: ActionType(id=a.id, principals=(person,), resources=(resource,)) for a in actions},
    )
    return Side(schema=schema, text="", actions={a.id: a for a in actions}, kinds={"user": person})


def action(id_, base=""):
    return Action(id=id_, base=base or id_)


def names(pairs):
    return [(p.name, p.old and p.old.id, p.new and p.new.id) for p in pairs]


def test_one_name_is_one_action():
    """Added and removed actions have one side only."""
    old, new = side(action("a"), action("b")), side(action("b"), action("c"))
    assert names(pair_actions(old, new)) == [("b", "b", "b"), ("c", None, "c"), ("a", "a", None)]


def test_a_class_that_one_side_lacks_is_the_operation_there():
    """What is in no class is read with the record."""
    plain, classed = side(action("a")), side(action("a"), action("a:pii", "a"))
    assert names(pair_actions(plain, classed)) == [("a", "a", "a"), ("a:pii", "a", "a:pii")]
    assert names(pair_actions(classed, plain)) == [("a", "a", "a"), ("a:pii", "a:pii", "a")]


def test_a_class_goes_with_its_operation():
    """An operation that is gone does not report its classes beside."""
    old = side(action("a"), action("a:pii", "a"))
    assert names(pair_actions(old, side(action("b")))) == [("b", None, "b"), ("a", "a", None)]


def test_renamed_types_are_shared():
    """A type that stands wherever another stood is that one."""
    old, new = side(action("a")), side(action("a"), resource="File", person="Person")
    found = shared_names(old, new, pair_actions(old, new))
    assert found == {"File": "Doc", "Person": "User"}
    renamed = rename_types(new, found)
    assert renamed.schema.actions == old.schema.actions
    assert renamed.kinds == old.kinds
    assert rename_types(new, {}) is new


def test_unchanged_is_word_for_word():
    """Any difference in what an action says is a change."""
    old = side(action("a"))
    (pair,) = pair_actions(old, old)
    assert unchanged(pair, old, old)
    other = replace(old, actions={"a": replace(old.actions["a"], security=None)})
    (pair,) = pair_actions(old, other)
    assert not unchanged(pair, old, other)
    assert not unchanged(pair, old, replace(old, roles={}))
