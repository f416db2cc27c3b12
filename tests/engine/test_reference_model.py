"""The gate against a slow model that knows everything: nothing passes that the model denies."""

from __future__ import annotations

import json

import pytest
from kit.deciding import Scene, read
from kit.worlds import IDS, SECRET, WRITTEN, World

from yett.contract.errors import ContractError
from yett.engine.release import Reply, release
from yett.policy.authz.model import Place

SEEDS = 60
SOURCE = "192.0.2.7"
MORE = "admin = []\n"


class Trial:
    """One world behind the gate."""

    def __init__(self, seed, folder):
        self.world = World(seed)
        policies = self.world.policies
        self.scene = Scene(folder, self.world.contents, policies=policies, more=MORE)
        self.scene.people = self.world.people
        self.wrap = (lambda v: {"data": v}) if self.world.wrap else (lambda v: v)
        self.scene.records = {
            f"/things/{id_}": read(self.wrap(value)) for id_, value in self.world.records.items()
        }
        self.compared = 0
        self.denied = 0

    def place(self, name):
        guard = self.scene.policy.authz.guards.get(f"shop.{name}")
        return guard.place if guard is not None else Place.NONE

    def check(self, name, who, gate, truth):
        """Nothing passes that must not; what may pass does, where all is shown."""
        self.compared += 1
        assert truth or not gate, (name, who, self.world.policies)
        if truth and not gate:
            self.denied += 1
            assert not self.world.whole or self.place(name) is Place.UNCHECKABLE, (name, who)

    def decide(self, method, target, body, who):
        return self.scene.decide(method, target, body, who=who, source=SOURCE)

    def answer(self, value):
        released = release(
            self.scene.x, Reply(200, "application/json", False, json.dumps(value).encode())
        )
        return None if released.problem is not None else json.loads(released.body)

    def run(self):
        for who in self.world.people:
            self.one(who)
            self.many(who)
            self.new(who)
            for id_ in IDS:
                self.write(who, id_)

    def one(self, who):
        world = self.world
        for id_, record in world.records.items():
            for name, target in (("getThing", ""), ("getReceipt", "/receipt")):
                passed = self.decide("GET", f"/things/{id_}{target}", None, who).problem is None
                seen = self.answer(self.wrap(record) if not target else {}) if passed else None
                truth = world.permitted(name, name, who, ("Thing", str(id_)))
                self.check(name, who, seen is not None, truth)
                if seen is not None and not target:
                    shown = seen["data"] if world.wrap else seen
                    may = world.permitted(SECRET[name], name, who, ("Thing", str(id_)))
                    self.check(name, who, "secret" in shown, may)

    def many(self, who):
        world = self.world
        items = [
            {k: v for k, v in record.items() if k not in world.omitted}
            for record in world.records.values()
        ]
        passed = self.decide("GET", "/things", None, who).problem is None
        seen = self.answer({"items": items, "total": len(items)}) if passed else None
        kept = {} if seen is None else {one["id"]: one for one in seen["items"]}
        for id_ in IDS:
            truth = world.permitted("listThings", "listThings", who, ("Thing", str(id_)))
            self.check("listThings", who, id_ in kept, truth)
            if id_ in kept:
                may = world.permitted("listThings:pii", "listThings", who, ("Thing", str(id_)))
                self.check("listThings", who, "secret" in kept[id_], may)
        assert seen is None or seen["total"] == len(kept)

    def new(self, who):
        world = self.world
        body = {k: v for k, v in world.record(9).items() if v is not None and k != "id"}
        for sent in (body, {k: v for k, v in body.items() if k != "secret"}):
            gate = self.decide("POST", "/things", sent, who).problem is None
            truth = world.permitted("createThing", "createThing", who, ("Thing", ""), body)
            if "peer" in sent:
                truth &= world.permitted("getThing", "getThing", who, ("Thing", str(sent["peer"])))
            if "secret" in sent:
                truth &= world.permitted(
                    WRITTEN["createThing"], "createThing", who, ("Thing", ""), body
                )
            self.check("createThing", who, gate, truth)

    def write(self, who, id_):
        world, about = self.world, ("Thing", str(id_))
        sends = {
            "deleteThing": ("DELETE", "", None),
            "actThing": ("POST", "/act", None),
            "changeThing": ("PATCH", "", {"name": "new"} if "name" in world.attributes else {}),
        }
        for name, (method, path, body) in sends.items():
            decision = self.decide(method, f"/things/{id_}{path}", body, who)
            self.check(name, who, decision.problem is None, world.permitted(name, name, who, about))
        for secret in ("s", "other"):
            decision = self.decide("PATCH", f"/things/{id_}", {"secret": secret}, who)
            truth = world.permitted("changeThing", "changeThing", who, about)
            if secret != "s":
                truth &= world.permitted(WRITTEN["changeThing"], "changeThing", who, about)
            self.check("changeThing", who, decision.problem is None, truth)
        link = self.decide("POST", "/links", {"thing": id_}, who)
        truth = world.permitted("linkThing", "linkThing", who, ("Api", "shop"))
        truth &= world.permitted("getThing", "getThing", who, about)
        self.check("linkThing", who, link.problem is None, truth)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_passes_that_the_model_denies(seed, tmp_path):
    """Records, lists, fields, new records, writes and references, for every caller."""
    try:
        trial = Trial(seed, tmp_path)
    except ContractError as refused:
        pytest.skip(f"the generator wrote no valid policy: {refused}"[:200])
    trial.run()
    assert trial.compared > 100
