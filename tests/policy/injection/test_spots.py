"""The tree of places is bound to detectors once, also where it leads back to itself."""

from __future__ import annotations

from yett.policy.injection.spots import Spot, bind
from yett.terms import Mode

LOOKS = {"plain": str.strip, "code": str.lower}


def test_every_reachable_place_gets_the_look_of_its_profile():
    """Fields, items, tuples and unnamed members are reached; a circle ends."""
    root, field, item, other = (Spot(Mode.ENFORCE, "plain") for _ in range(4))
    field.profile = "code"
    root.fields, root.items, root.prefix = {"a": field, "b": None}, item, (other,)
    item.items = root
    bind([root, None], LOOKS)
    assert [s.look for s in (root, field, item, other)] == [
        LOOKS["plain"],
        LOOKS["code"],
        LOOKS["plain"],
        LOOKS["plain"],
    ]


def test_what_is_off_is_not_looked_at():
    """The mode of strings and that of names are bound apart."""
    held = Spot(Mode.OFF, "plain")
    held.names = Mode.OBSERVE
    bind([held], LOOKS)
    assert (held.look, held.look_at_name) == (None, LOOKS["plain"])
