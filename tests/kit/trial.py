"""A world behind the gate: what it lets through, of every operation, to every caller."""

from __future__ import annotations

import json

from kit.deciding import Scene, read
from kit.worlds import World

from yett.engine.release import Reply, release
from yett.policy.authz.model import Place

SOURCE = "192.0.2.7"  # as the model's context has it
MORE = "admin = []\n"
WRITES = {
    "deleteThing": ("DELETE", "", None),
    "actThing": ("POST", "/act", None),
    "changeThing": ("PATCH", "", {}),
    "changeThing:pii": ("PATCH", "", {"secret": "other"}),
}


class Trial:
    """One compiled world whose service answers from the world's records."""

    def __init__(self, world: World, folder):
        self.world = world
        self.scene = Scene(folder, world.contents, policies=world.policies, more=MORE)
        self.scene.people = world.people
        self.wrap = (lambda value: {"data": value}) if world.wrap else (lambda value: value)
        self.keep(world.records)

    def keep(self, records):
        """Give the service other records."""
        self.world.records = records
        self.scene.records = {f"/things/{i}": read(self.wrap(one)) for i, one in records.items()}

    def place(self, name):
        """Where an operation's rules are checked."""
        guard = self.scene.policy.authz.guards.get(f"shop.{name}")
        return guard.place if guard is not None else Place.NONE

    def passes(self, method, target, body, who):
        """Whether a request is let through."""
        return self.scene.decide(method, target, body, who=who, source=SOURCE).problem is None

    def answer(self, value):
        """What leaves of the service's answer to the last request, None for nothing."""
        body = json.dumps(value).encode()
        released = release(self.scene.x, Reply(200, "application/json", False, body))
        return None if released.problem is not None else json.loads(released.body)

    def shown(self, target, value, who):
        """What a caller is shown of an answer, None for nothing."""
        return self.answer(value) if self.passes("GET", target, None, who) else None

    def one(self, id_, who):
        """What a caller is shown of a record, None for nothing."""
        seen = self.shown(f"/things/{id_}", self.wrap(self.world.records[id_]), who)
        return seen["data"] if seen is not None and self.world.wrap else seen

    def many(self, who):
        """The answer to a list as it leaves, None for nothing; it shows what the world's does."""
        hidden = self.world.omitted
        items = [
            {name: value for name, value in record.items() if name not in hidden}
            for record in self.world.records.values()
        ]
        return self.shown("/things", {"items": items, "total": len(items)}, who)

    def lets(self, bodies):
        """Try everything: (action, token, id or number of the body) -> whether it passes."""
        found = {}
        for who in self.world.people:
            seen = self.many(who)
            kept = {} if seen is None else {item["id"]: item for item in seen["items"]}
            for id_ in self.world.records:
                one = self.one(id_, who)
                receipt = self.shown(f"/things/{id_}/receipt", {}, who)
                found["getThing", who, id_] = one is not None
                found["getThing:pii", who, id_] = one is not None and "secret" in one
                found["getReceipt", who, id_] = receipt is not None
                found["listThings", who, id_] = id_ in kept
                found["listThings:pii", who, id_] = "secret" in kept.get(id_, {})
                for name, (method, path, body) in WRITES.items():
                    passed = self.passes(method, f"/things/{id_}{path}", body, who)
                    found[name, who, id_] = passed
                linked = self.passes("POST", "/links", {"thing": id_}, who)
                found["linkThing", who, id_] = linked
            for number, body in enumerate(bodies):
                plain = {name: value for name, value in body.items() if name != "secret"}
                found["createThing:pii", who, number] = self.passes("POST", "/things", body, who)
                found["createThing", who, number] = self.passes("POST", "/things", plain, who)
        return found
