"""What two gates let through, tried out, against what the comparison of their contracts says."""

from __future__ import annotations

from random import Random

import pytest
from kit.shop import load_shop
from kit.trial import MORE, Trial
from kit.worlds import World

from yett.review.review import has_solver, review

pytestmark = pytest.mark.skipif(not has_solver(), reason="needs the extra `diff`")
# In 61 a list begins to show an attribute that a permit reads.
SEEDS = (*range(6), 61)
# Actions that need another one besides: a reference must be readable.
ALSO = {"linkThing": ("getThing",), "createThing": ("getThing",)}


def changed(seed):
    """Two worlds: the same people, other rules, or answers that show other attributes."""
    chance = Random(seed)
    old, new = World(seed), World(seed)
    new.random, new.people = Random(-seed), old.people
    for world in (old, new):
        world.beyond = False
    old.rules = [old._rule(at) for at in range(chance.randint(1, 4))]
    new.rules = list(old.rules)
    if seed % 2:
        new.rules[chance.randrange(len(new.rules))] = new._rule(50)
    old.omitted, new.omitted = (chance.sample(sorted(old.attributes), n) for n in (2, 0))
    if chance.random() < 0.3:
        old.omitted, new.omitted = new.omitted, old.omitted
    for world in (old, new):
        world.policies = "\n".join(text for text, _, _ in world.rules)
        world.contents = world._document()
    return old, new


def names(action):
    """The actions that a gain of this one may be said of."""
    base = action.partition(":")[0]
    return {action, base, *ALSO.get(base, ())}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_gate_newly_lets_through_is_said(seed, tmp_path):
    """No request passes the new gate alone, or the old one, of which the comparison says nothing."""
    worlds = changed(seed)
    trials = [Trial(world, tmp_path / name) for world, name in zip(worlds, "on", strict=True)]
    sides = [
        (load_shop(tmp_path / n, w.contents, w.policies, MORE), trial.scene.policy)
        for n, w, trial in zip("xy", worlds, trials, strict=True)
    ]
    said = {(each.action, each.kind, each.gains) for each in review(*sides).changes}
    records = {id_: worlds[0].record(id_) for id_ in (3, 4, 5, 6)}
    bodies = [
        {k: v for k, v in worlds[0].record(9).items() if v is not None and k != "id"}
        for _ in range(2)
    ]
    lets = []
    for trial in trials:
        trial.keep(records)
        lets.append(trial.lets(bodies))
    for (action, who, place), before in lets[0].items():
        after = lets[1][action, who, place]
        if before is not after:
            kind = worlds[0].people[who].kind
            assert any((name, kind, after) in said for name in names(action)), (action, who, place)
