"""The shared world: agreement of two mentions, and facts that make it possible."""

from __future__ import annotations

import z3

from yett.policy.cedar.types import Attribute, Plain, Record, SetOf
from yett.review.ask import Asker
from yett.review.encode_terms import MAX_LONG, TEXT, text
from yett.review.world import World

LONG = Attribute("n", Plain("Long"))


def test_one_attribute_of_one_entity_is_one_value():
    """Equal ids have equal attributes; other types of value are other unknowns."""
    world = World()
    one, two = z3.Const("one", TEXT), z3.Const("two", TEXT)
    a, b = world.slot("T", LONG, one), world.slot("T", LONG, two)
    other = world.slot("T", Attribute("n", Plain("String")), one)
    asker = Asker(world.settle({}))
    assert asker.ask(one == two, a.value != b.value).verdict == "no"
    assert other.value.sort() == TEXT


def test_numbers_have_64_bits():
    """No model has a Long that Cedar has not."""
    world = World()
    slot = world.slot("T", LONG, text("1"))
    assert Asker(world.settle({})).ask(slot.value > MAX_LONG).verdict == "no"


def test_sets_are_finite():
    """No set holds every text."""
    world = World()
    slot = world.slot("T", Attribute("s", SetOf(Plain("String"))), text("1"))
    whole = z3.K(TEXT, z3.BoolVal(True))
    assert Asker(world.settle({})).ask(slot.value.array == whole).verdict == "no"


def test_enumerated_entities_are_members():
    """An entity of an enumerated type has one of its ids."""
    world = World()
    world.members["Role"] = ("a", "b")
    one = world.entity("Role", z3.Const("r", TEXT))
    assert Asker(world.settle({})).ask(one == text("c")).verdict == "no"


def test_what_is_not_known_has_no_ancestors():
    """An entity that nobody knows is in nothing."""
    world = World()
    one = z3.Const("one", TEXT)
    above = world.ancestors("A", "B", one)
    asker = Asker(world.settle({"A": frozenset("B")}))
    unknown = z3.Not(world.exists("A", one))
    assert asker.ask(unknown, z3.IsMember(text("b"), above)).verdict == "no"


def test_nothing_is_added_to_a_settled_world():
    """Reading a model does not change the question."""
    world = World()
    facts = list(world.settle({}))
    world.entity("A", z3.Const("late", TEXT))
    assert world.entities == {}
    assert world.settle({}) == facts


def test_a_set_of_records_is_made_and_refused_only_where_it_is_read():
    """An attribute without encoding does not spoil the rest."""
    world = World()
    kind = SetOf(Record((LONG,)))
    slot = world.slot("T", Attribute("s", kind), text("1"))
    assert slot.value == (None, None)


def test_two_sets_that_meet_have_a_common_element():
    """Who is in one of a set of groups is in one that has a name."""
    world = World()
    others = z3.Const("others", z3.SetSort(TEXT))
    meets = world.meet("A", "B", text("a"), others)
    asker = Asker(world.settle({"A": frozenset("B")}))
    assert asker.ask(meets, others == z3.EmptySet(TEXT)).verdict == "no"
    assert asker.ask(meets).verdict == "yes"
