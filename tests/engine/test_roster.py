"""Callers are made into entities once for a credential, and never lent to another."""

from __future__ import annotations

from kit.deciding import Scene, person
from msgspec.structs import replace

from yett.engine.callers import make_subject
from yett.engine.program import build
from yett.engine.roster import MAX_CALLERS, Roster
from yett.policy.authz.model import Identity
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, Plain
from yett.policy.cedar.values import make_set

IDENTITY = Identity(
    types={"user": "User", "key": "Key"},
    attributes=((Attribute("depot", Plain("String"), required=False), "depot"),),
)
NOTHING: dict[str, object] = {}


def test_the_same_principal_is_made_once():
    """What is remembered is what would be made."""
    roster, who = Roster(), person(claims={"depot": "d1"})
    first = roster.find(who, NOTHING, IDENTITY)
    assert roster.find(who, NOTHING, IDENTITY) is first
    assert first.entity == make_subject(who, IDENTITY, NOTHING)
    assert first.entity.attrs["depot"] == "d1"
    assert not first.unjudged


def test_an_equal_principal_is_another():
    """Two tokens may be equal in all that is compared here; each has its own entity."""
    roster, who = Roster(), person()
    assert roster.find(who, NOTHING, IDENTITY) is not roster.find(replace(who), NOTHING, IDENTITY)
    assert len(roster) == 2


def test_another_answer_of_the_service_makes_another_caller():
    """Attributes that were asked for again, or of somebody else, are never the old ones."""
    roster, who = Roster(), person()
    old, new = {"team": "a"}, {"team": "b"}
    assert roster.find(who, old, IDENTITY).entity.attrs["team"] == "a"
    assert roster.find(who, new, IDENTITY).entity.attrs["team"] == "b"
    assert roster.find(who, dict(new), IDENTITY) is not roster.find(who, new, IDENTITY)
    assert "team" not in roster.find(who, NOTHING, IDENTITY).entity.attrs
    assert len(roster) == 1


def test_who_cannot_be_an_entity_is_nobody_each_time():
    """The reason is remembered along with it."""
    roster, robot = Roster(), person(kind="robot")
    for _ in range(2):
        found = roster.find(robot, NOTHING, IDENTITY)
        assert "robot" in found.unjudged
        assert found.entity == Entity(Uid("Anonymous", ""))


def test_it_does_not_grow():
    """Whoever brings many tokens pushes out the oldest, which are made again."""
    roster = Roster()
    made = [person(id=f"u{n}") for n in range(MAX_CALLERS + 10)]
    for who in made:
        assert roster.find(who, NOTHING, IDENTITY).entity.uid.id == who.id
    assert len(roster) == MAX_CALLERS
    assert roster.find(made[0], NOTHING, IDENTITY).entity.uid.id == "u0"


def test_an_address_that_is_used_again_is_no_proof():
    """Principals that come and go never meet another's entity, though their `id()` may repeat."""
    roster = Roster()
    for n in range(3 * MAX_CALLERS):
        found = roster.find(person(id=f"u{n}", roles=frozenset({f"r{n}"})), NOTHING, IDENTITY)
        assert found.entity.uid == Uid("User", f"u{n}")
        assert found.entity.attrs["roles"] == make_set([f"r{n}"])


def test_a_program_has_its_own(tmp_path):
    """Another contract may map the same principal otherwise."""
    one = Scene(tmp_path).program
    assert build(one.policy).roster is not one.roster
