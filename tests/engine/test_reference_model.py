"""The gate against a slow model that knows everything: nothing passes that the model denies."""

from __future__ import annotations

import pytest
from kit.trial import Trial
from kit.worlds import IDS, SECRET, WRITTEN, World

from yett.policy.authz.model import Place

SEEDS = 60


class Compared:
    """A world behind the gate and the model of it, asked the same."""

    def __init__(self, trial):
        self.trial, self.world = trial, trial.world
        self.count = 0

    def check(self, name, who, gate, truth):
        """Nothing passes that must not; what may pass does, where all is shown."""
        self.count += 1
        assert truth or not gate, (name, who, self.world.policies)
        if truth and not gate and self.world.whole:
            assert self.trial.place(name) is Place.UNCHECKABLE, (name, who, self.world.policies)

    def may(self, action, who, id_, record=None):
        operation = action.partition(":")[0]
        about = ("Api", "shop") if operation == "linkThing" else ("Thing", str(id_))
        return self.world.permitted(action, operation, who, about, record)

    def reads(self, who):
        many = self.trial.many(who)
        kept = {} if many is None else {item["id"]: item for item in many["items"]}
        assert many is None or many["total"] == len(kept)
        for id_ in IDS:
            one = self.trial.one(id_, who)
            receipt = self.trial.shown(f"/things/{id_}/receipt", {}, who)
            self.check("getThing", who, one is not None, self.may("getThing", who, id_))
            self.check("getReceipt", who, receipt is not None, self.may("getReceipt", who, id_))
            self.check("listThings", who, id_ in kept, self.may("listThings", who, id_))
            for name, seen in (("getThing", one), ("listThings", kept.get(id_))):
                if seen is not None:
                    self.check(name, who, "secret" in seen, self.may(SECRET[name], who, id_))

    def new(self, who):
        made = {k: v for k, v in self.world.record(9).items() if v is not None and k != "id"}
        for body in (made, {k: v for k, v in made.items() if k != "secret"}):
            truth = self.may("createThing", who, "", made)
            if "peer" in body:
                truth &= self.may("getThing", who, body["peer"])
            if "secret" in body:
                truth &= self.may(WRITTEN["createThing"], who, "", made)
            gate = self.trial.passes("POST", "/things", body, who)
            self.check("createThing", who, gate, truth)

    def writes(self, who, id_):
        passes, target = self.trial.passes, f"/things/{id_}"
        sends = (
            ("deleteThing", "DELETE", "", None),
            ("actThing", "POST", "/act", None),
            ("changeThing", "PATCH", "", {"secret": "s"}),
        )
        for name, method, path, body in sends:
            gate = passes(method, target + path, body, who)
            self.check(name, who, gate, self.may(name, who, id_))
        secret = passes("PATCH", target, {"secret": "other"}, who)
        both = [self.may(name, who, id_) for name in ("changeThing", WRITTEN["changeThing"])]
        self.check("changeThing", who, secret, all(both))
        link = passes("POST", "/links", {"thing": id_}, who)
        both = [self.may(name, who, id_) for name in ("linkThing", "getThing")]
        self.check("linkThing", who, link, all(both))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_passes_that_the_model_denies(seed, tmp_path):
    """Records, lists, fields, new records, writes and references, for every caller."""
    compared = Compared(Trial(World(seed), tmp_path))
    for who in compared.world.people:
        compared.reads(who)
        compared.new(who)
        for id_ in IDS:
            compared.writes(who, id_)
    assert compared.count > 100
