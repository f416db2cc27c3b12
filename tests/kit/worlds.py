"""Random small contracts, policies and records, and a slow model that says what is permitted.

The model knows everything: all records whole, all people with their roles. It asks cedarpy with all
policies at once, denies where a forbid errs, and knows nothing of places, slices or schemas. What
the gate lets through and the model denies is a hole.
"""

from __future__ import annotations

import json
from random import Random

from cedarpy import PolicySet, is_authorized
from kit.deciding import ISSUER, NOW, person
from kit.shop import SECURITY

IDS = (3, 4, 5)
STRING = {"type": "string"}
PROPERTIES = {
    "owner": {"type": "integer", "x-yett-ref": "User"},
    "count": {"type": "integer"},
    "open": {"type": "boolean"},
    "name": STRING,
    "tags": {"type": "array", "items": STRING},
    "due": {"type": "string", "format": "date-time"},
    "peer": {"type": "integer", "x-yett-ref": "Thing"},
    "place": {
        "type": "object",
        "required": ["city"],
        "properties": {"city": STRING, "zone": {"type": "integer"}},
    },
}
ATOMS = {
    "owner": (
        "principal is User && resource.owner == principal",
        'resource.owner == User::"7"',
        "principal is User && [resource.owner].contains(principal)",
        'principal is User && resource.owner in [principal, User::"8"]',
    ),
    "count": (
        "resource.count > 2",
        "resource.count * 3 <= 6",
        "resource.count + 9223372036854775800 > 0",
        "resource.count == 1",
    ),
    "open": ("resource.open", "resource.open == false"),
    "name": (
        'resource.name like "a*"',
        "resource.name == principal.id",
        'resource.name like "*\\**b"',
        'resource.name == "é"',
    ),
    "tags": (
        'resource.tags.contains("x")',
        'resource.tags.containsAny(["y", "z"])',
        "resource.tags.isEmpty()",
        "principal.roles.containsAll(resource.tags)",
    ),
    "due": (
        "resource.due < context.now",
        'resource.due.toDate() == datetime("2024-01-01")',
        'context.now.durationSince(resource.due) > duration("1d")',
    ),
    "peer": ('resource.peer == Thing::"3"', "resource.peer == resource"),
    "place": (
        'resource.place.city == "x"',
        "resource.place has zone && resource.place.zone > 1",
        '[resource.place.city, "z"].contains("x")',
    ),
}
FREE = (
    'principal in Role::"staff"',
    'principal.roles.contains("admin")',
    'principal has tenant && principal.tenant == "t"',
    "context.secure",
    'context.acr == "strong"',
    'context.source.isInRange(ip("192.0.2.0/24"))',
    'resource == Thing::"3"',
    "resource is Thing",
    'action in Action::"read"',
    'action == Action::"changeThing"',
    "principal is User",
    "true",
)
# What no decision can know: the gate may only deny.
BEYOND = (
    'resource.owner in Role::"staff"',
    "resource.owner has tenant",
    'User::"9" in Role::"admin"',
    'resource.owner.roles.contains("admin")',
)
OPERATIONS = {
    "listThings": ("GET", "/things"),
    "createThing": ("POST", "/things"),
    "getThing": ("GET", "/things/{id}"),
    "changeThing": ("PATCH", "/things/{id}"),
    "deleteThing": ("DELETE", "/things/{id}"),
    "actThing": ("POST", "/things/{id}/act"),
    "getReceipt": ("GET", "/things/{id}/receipt"),
    "linkThing": ("POST", "/links"),
}
SAFE = {"listThings", "getThing", "getReceipt"}
SECRET = {"listThings": "listThings:pii", "getThing": "getThing:pii"}
WRITTEN = {"changeThing": "changeThing:pii", "createThing": "createThing:pii"}


class World:
    """One contract with its people and records.

    Attributes:
        contents, policies: what is compiled.
        people: token -> principal; `records`: id -> JSON.
        whole: every answer shows every attribute, and no rule asks of third entities.
    """

    def __init__(self, seed):
        self.random = Random(seed)
        self.attributes = self._attributes()
        self.wrap = self.random.choice(("", "/data"))
        self.omitted = self.random.sample(sorted(self.attributes), self.random.choice((0, 0, 1, 2)))
        self.beyond = self.random.random() < 0.25
        self.rules = [self._rule(at) for at in range(self.random.randint(1, 6))]
        self.policies = "\n".join(text for text, _, _ in self.rules)
        self.contents = self._document()
        self.whole = not self.omitted and not self.beyond
        self.people = {
            "u7": person("7", *self._some(("staff", "admin")), claims={"acr": "strong"}),
            "u8": person("8", *self._some(("staff", "admin")), tenant="t"),
            "u9": person("9", "admin", tenant="u"),
            "svc": person("7", *self._some(("staff",)), kind="service", client="c"),
        }
        self.records = {id_: self.record(id_) for id_ in IDS}

    # --- the contract ---

    def _some(self, of):
        return [one for one in of if self.random.random() < 0.4]

    def _attributes(self):
        """Name -> (required, nullable) of some attributes."""
        names = self.random.sample(sorted(PROPERTIES), self.random.randint(2, 6))
        choice = self.random.choice
        return {n: (choice((True, True, False)), choice((False, False, True))) for n in names}

    def surely(self, name):
        """Whether the schema promises an attribute."""
        required, nullable = self.attributes[name]
        return required and not nullable and self.composed != "oneOf"

    @property
    def composed(self):
        """How the record's schema is put together, the same for all answers."""
        return ("", "allOf", "oneOf", "ref")[len(self.attributes) % 4]

    def _schema(self, without=()):
        properties = {"id": {"type": "integer"}, "secret": {**STRING, "x-yett-class": "pii"}}
        required = ["id"]
        for name, (needed, nullable) in self.attributes.items():
            if name in without:
                continue
            one = dict(PROPERTIES[name])
            if nullable:
                one["type"] = [one["type"], "null"]
            properties[name] = one
            required += [name] if needed else []
        first = {k: properties.pop(k) for k in list(properties)[: len(properties) // 2]}
        here = {
            "type": "object",
            "required": [n for n in required if n in first],
            "properties": first,
        }
        rest = {
            "type": "object",
            "required": [n for n in required if n in properties],
            "properties": properties,
        }
        if self.composed == "allOf":
            return {"allOf": [here, rest]}
        merged = {
            "type": "object",
            "required": required,
            "properties": {**first, **properties},
        }
        if self.composed == "oneOf":
            return {"oneOf": [merged, {"type": "object", "properties": merged["properties"]}]}
        return merged

    def _document(self):
        schema = self._schema()
        shown = {"$ref": "#/components/schemas/Thing"} if self.composed == "ref" else schema
        one = {"type": "object", "properties": {"data": shown}, "required": ["data"]}
        one = one if self.wrap else shown
        items = {"type": "array", "items": self._schema(self.omitted)}
        many = {"type": "object", "properties": {"items": items, "total": {"type": "integer"}}}
        sent = {"type": "object", "properties": {**self._loose(), "secret": schema_of_secret()}}
        attrs = {name: f"/{name}" for name in self.attributes}
        about = {"type": "Thing", "id": "path.id", "key": "/id"}
        empty = {"type": "object"}
        link = {"type": "object", "properties": {"thing": PROPERTIES["peer"]}}
        reads = {**about, "attrs": attrs, **({"record": self.wrap} if self.wrap else {})}
        made = {
            "listThings": (many, None, {"type": "Thing", "items": "/items", "totals": ["/total"]}),
            "createThing": (empty, sent, {"type": "Thing"}),
            "getThing": (one, None, reads),
            "changeThing": (empty, sent, about),
            "deleteThing": (empty, None, about),
            "actThing": (empty, None, about),
            "getReceipt": (empty, None, about),
            "linkThing": (empty, link, None),
        }
        paths = {}
        for name, (answer, body, resource) in made.items():
            method, path = OPERATIONS[name]
            item = paths.setdefault(path, {})
            if "{id}" in path:
                item["parameters"] = [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
                ]
            item[method.lower()] = _operation(name, answer, body, resource)
        schemes = {"token": {"type": "http", "scheme": "bearer"}}
        made = {
            "openapi": "3.1.0",
            "info": {"title": "things", "version": "1"},
            "paths": paths,
            "components": {"securitySchemes": schemes, "schemas": {"Thing": schema}},
        }
        return json.loads(json.dumps(made))

    def _loose(self):
        return {n: PROPERTIES[n] for n in self.attributes}

    # --- the policies ---

    def _atom(self):
        if self.beyond and self.random.random() < 0.3:
            atom = self.random.choice(BEYOND)
            if "resource.owner" not in atom or self._owned():
                return f"({self._guarded('owner', atom) if 'resource.owner' in atom else atom})"
        if self.random.random() < 0.35:
            return f"({self.random.choice(FREE)})"
        name = self.random.choice(sorted(self.attributes))
        return f"({self._guarded(name, self.random.choice(ATOMS[name]))})"

    def _owned(self):
        return "owner" in self.attributes

    def _guarded(self, name, atom):
        typed = f"resource is Thing && {atom}"
        if self.surely(name) and self.random.random() < 0.7:
            return typed
        asked = f"resource is Thing && resource has {name} && {atom}"
        return asked if self.random.random() < 0.7 else f"!({asked})"

    def _condition(self, depth=0):
        kind = self.random.random()
        if depth > 2 or kind < 0.45:
            return self._atom()
        one, two = self._condition(depth + 1), self._condition(depth + 1)
        if kind < 0.65:
            return f"({one} && {two})"
        if kind < 0.82:
            return f"({one} || {two})"
        if kind < 0.92:
            return f"(!{one})"
        return f"(if {one} then {two} else {self._atom()})"

    def _rule(self, at):
        choice = self.random.choice
        effect = "permit" if at == 0 or self.random.random() < 0.65 else "forbid"
        principal = choice(
            (
                "principal",
                "principal is User",
                'principal in Role::"staff"',
                'principal == User::"7"',
            )
        )
        names = [*OPERATIONS, *SECRET.values(), *WRITTEN.values()]
        groups = ["tag:things", "read", "write", "read:pii", "write:pii", "api:shop"]
        scope = choice(("any", "any", "eq", "in", "group", "group"))
        chosen = {
            "any": [],
            "eq": [choice(names)],
            "in": self.random.sample(names, 3),
            "group": [choice(groups)],
        }[scope]
        listed = ", ".join(f'Action::"{name}"' for name in chosen)
        action = {"any": "action", "eq": f"action == {listed}"}.get(scope, f"action in [{listed}]")
        typed = not set(chosen) & {"linkThing", "api:shop", "read", "write"}
        resource = choice(
            ("resource", "resource is Thing", 'resource == Thing::"3"') if typed else ("resource",)
        )
        clauses = [
            f"{choice(('when', 'unless'))} {{ {self._condition()} }}"
            for _ in range(self.random.choice((0, 1, 1, 2)))
        ]
        text = f'@id("r{at}") {effect}({principal}, {action}, {resource}) {" ".join(clauses)};'
        return text, effect, (frozenset(chosen), resource)

    # --- the truth ---

    def record(self, id_):
        """Make a record as its schema has it."""
        choice = self.random.choice
        made = {
            "owner": choice((7, 8, 9)),
            "count": choice((0, 1, 2, 3, 9, -(2**63), 2**63 - 1)),
            "open": choice((True, False)),
            "name": choice(("", "a", "ab", "7", "é", "x*yb", "A")),
            "tags": choice(([], ["x"], ["y", "x"], ["staff"])),
            "due": choice(
                ("2023-11-14T22:13:20Z", "2024-01-01T00:00:00+01:00", "2020-02-29T01:02:03.5Z")
            ),
            "peer": choice(IDS),
            "place": choice(({"city": "x"}, {"city": "y", "zone": 2}, {"city": "x", "zone": 1})),
        }
        found = {"id": id_, "secret": "s"}
        for name, (required, nullable) in self.attributes.items():
            found[name] = made[name]
            if nullable and self.random.random() < 0.3:
                found[name] = None
            elif not required and self.random.random() < 0.3:
                del found[name]
        return found

    def permitted(self, action, operation, who, resource, record=None):
        """Ask cedarpy about everything there is.

        Args:
            action: the Cedar action.
            operation: whose action or class it is.
            who: the token of the caller.
            resource: type and id.
            record: another JSON than the one of this id: a new record's.
        """
        if action == operation and not self._spoken(action):
            rules = [*self.rules, ('@id("d") permit(principal, action, resource);', "permit", None)]
        else:
            rules = self.rules
        policies = PolicySet.from_str("\n".join(text for text, _, _ in rules))
        kind = self.people[who].kind
        request = {
            "principal": {
                "type": {"user": "User", "service": "Service"}[kind],
                "id": self.people[who].id,
            },
            "action": {"type": "Action", "id": action},
            "resource": {"type": resource[0], "id": resource[1]},
            "context": self._context(who),
        }
        entities = [
            *self._people(),
            *self._things(resource, record),
            *self._actions(action, operation),
        ]
        found = is_authorized(request, policies, json.dumps(entities))
        erred = {int(e.split("`", 2)[1].removeprefix("policy")) for e in found.diagnostics.errors}
        if any(rules[at][1] == "forbid" for at in erred):
            return False
        return found.decision.name == "Allow"

    def _spoken(self, action):
        """Whether a permit of the team can be about an operation."""
        groups = self._groups(action, action)
        about = "Api" if action == "linkThing" else "Thing"
        return any(
            effect == "permit"
            and (not chosen or chosen & {action, *groups})
            and ("Thing" not in resource or about == "Thing")
            for _, effect, (chosen, resource) in self.rules
        )

    def _groups(self, action, operation):
        kind = "read" if operation in SAFE else "write"
        if action != operation:
            return {f"{kind}:pii"}
        return {kind, "api:shop", "tag:things"}

    def _actions(self, action, operation):
        parents = [{"type": "Action", "id": g} for g in self._groups(action, operation)]
        return [{"uid": {"type": "Action", "id": action}, "attrs": {}, "parents": parents}]

    def _context(self, who):
        return {
            "now": {"__extn": {"fn": "datetime", "arg": "2023-11-14T22:13:20Z"}},
            "source": {"__extn": {"fn": "ip", "arg": "192.0.2.7"}},
            "secure": False,
            "acr": self.people[who].claims.get("acr", ""),
            "amr": [],
        }

    def _people(self):
        for one in self.people.values():
            attrs = {"id": one.id, "issuer": ISSUER, "scopes": [], "roles": sorted(one.roles)}
            attrs |= {"tenant": one.tenant} if one.tenant else {}
            attrs |= {"client": one.client} if one.client else {}
            yield {
                "uid": {"type": {"user": "User", "service": "Service"}[one.kind], "id": one.id},
                "attrs": attrs,
                "parents": [{"type": "Role", "id": role} for role in one.roles],
            }

    def _things(self, resource, record):
        records = {str(id_): value for id_, value in self.records.items()}
        if resource[0] == "Thing" and record is not None:
            records[resource[1]] = record
        for id_, value in records.items():
            uid = {"type": "Thing", "id": id_}
            yield {"uid": uid, "attrs": self._cedar(value), "parents": []}

    def _cedar(self, value):
        found = {}
        for name in self.attributes:
            one = value.get(name)
            if one is None:
                continue
            if name in {"owner", "peer"}:
                type_ = {"owner": "User", "peer": "Thing"}[name]
                one = {"__entity": {"type": type_, "id": str(one)}}
            elif name == "due":
                one = {"__extn": {"fn": "datetime", "arg": _DUE[one]}}
            found[name] = one
        return found


_DUE = {
    "2023-11-14T22:13:20Z": "2023-11-14T22:13:20Z",
    "2024-01-01T00:00:00+01:00": "2023-12-31T23:00:00Z",
    "2020-02-29T01:02:03.5Z": "2020-02-29T01:02:03.500Z",
}
assert NOW == 1_700_000_000.0  # the moment that `_context` writes


def schema_of_secret():
    return {**STRING, "x-yett-class": "pii"}


def _operation(name, answer, body, resource):
    made = {
        "operationId": name,
        "tags": ["things"],
        "security": SECURITY,
        "responses": {
            "200": {"description": "ok", "content": {"application/json": {"schema": answer}}}
        },
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if resource is not None:
        made["x-yett"] = {"resource": resource}
    return made
