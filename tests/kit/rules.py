"""Generated rules over the schema of `kit.rows`: most are valid Cedar, all read rows in some way.

A seed makes the same rules each time, every form of the language about equally often.
"""

from __future__ import annotations

import random

from kit.rows import IDS, LONGS, SCHEMA, TEAMS, TEXTS

from yett.contract.model import PolicyText
from yett.policy.cedar.literals import cedar_string
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices

STRINGS = ("resource.title", "resource.status", "resource.address.city")
OPTIONAL = {
    "depot": "text",
    "address.zip": "text",
    "score": "long",
    "assignee": "user",
    "flag": "flag",
}
FORMS = {
    "text": (
        "{x} {eq} {text}",
        "{x} like {pattern}",
        "{x} like {pattern}",
        "{x} == {string}",
        "principal.depots.contains({x})",
        "[{text}, {text}, {x}].contains({string})",
        "[{text}, {text}].contains({x})",
        "(principal has nick && principal.nick {eq} {x})",
        "resource.tags.contains({x})",
        "resource.tags.containsAny([{x}, {text}])",
        "[{x}, {text}].containsAll([{string}])",
    ),
    "long": (
        "{x} {order} {long}",
        "{long} {order} {x}",
        "{x} {eq} {long}",
        "{x} {order} principal.level",
        "principal.level {eq} {x}",
        "{x} {order} resource.amount",
        "resource.amount {eq} {x}",
        "[{long}, {long}, 5].contains({x})",
    ),
    "user": (
        "{x} {eq} principal",
        "principal {eq} {x}",
        "{x} {eq} {user}",
        "{x} in [{user}, principal]",
        "[{user}, {user}].contains({x})",
        "{x} is User",
        "principal in {x}",
    ),
    "flag": ("{x}", "!{x}", "{x} {eq} resource.pub", "{x} == ({cond})"),
    "other": (
        "resource.pub",
        "resource has depot",
        "resource has score",
        "resource has title",
        "resource.tags.isEmpty()",
        "resource.tags.containsAll([{text}, {text}])",
        "resource.tags.containsAny([{text}, {text}])",
        "resource.tags.containsAny(principal.depots)",
        "principal.depots.containsAny(resource.tags)",
        "resource is Booking",
        'resource {eq} Booking::"b1"',
        'resource in [resource, Booking::"B9"]',
        "resource.pub == (resource.amount > 5)",
        "principal in resource.team",
        'principal in [resource.team, Team::"t1"]',
        "resource.customer in resource.team",
        "resource.customer in {team}",
        "resource.customer in [{team}, {team}]",
        "resource.customer is User in {team}",
        "(resource.customer has dept && resource.customer.dept == {string})",
        "(resource.customer has dept && resource.customer.dept like {pattern})",
        "resource.customer has dept",
        "principal.level > 3",
        "context.secure",
        "(context has auth_age && context.auth_age < 60)",
        # Errs for every row where it is looked at, for one of the callers at least.
        "principal.level + 9223372036854775807 > 0",
    ),
}
GUARDED = (
    "(resource has {name} && {inner})",
    "(resource has {name} && {inner})",
    "(if resource has {name} then {inner} else {cond})",
    "!(resource has {name} && {inner})",
    "(!(resource has {name}) || {inner})",
)
DEEPER = (
    "({cond} && {cond})",
    "({cond} && {cond})",
    "({cond} || {cond})",
    "({cond} || {cond})",
    "!({cond})",
    "(if {cond} then {cond} else {cond})",
    "(({cond}) == ({cond}))",
)
PRINCIPALS = ("principal", "principal", "principal is User", 'principal in Role::"staff"')
RESOURCES = ("resource", "resource", "resource is Booking", 'resource == Booking::"b1"')


class Writer:
    """Writes rules by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def policies(self):
        """One to four rules."""
        return [self.policy() for _ in range(self.chance.randint(1, 4))]

    def policy(self):
        pick = self.chance.choice
        head = (
            f"{pick(('permit', 'permit', 'forbid'))}({pick(PRINCIPALS)}, action, {pick(RESOURCES)})"
        )
        count = self.chance.choice((0, 1, 1, 1, 2))
        clauses = [f"{pick(('when', 'when', 'unless'))} {{ {self.cond(3)} }}" for _ in range(count)]
        return " ".join((head, *clauses)) + ";"

    def cond(self, depth):
        if depth and self.chance.random() < 0.5:
            return self.fill(self.chance.choice(DEEPER), depth - 1)
        kind = self.chance.choice((*FORMS, "other", "optional", "optional"))
        if kind == "optional":
            return self.optional(depth)
        names = {"text": STRINGS, "long": ("resource.amount",), "user": ("resource.customer",)}
        x = self.chance.choice(names.get(kind, ("resource.pub",)))
        return self.fill(self.chance.choice(FORMS[kind]), 0, x=x)

    def optional(self, depth):
        name = self.chance.choice(tuple(OPTIONAL))
        inner = self.fill(self.chance.choice(FORMS[OPTIONAL[name]]), 0, x=f"resource.{name}")
        return self.fill(self.chance.choice(GUARDED), max(depth - 1, 0), name=name, inner=inner)

    def fill(self, form, depth, **given):
        """Write a form; each hole is filled anew."""
        while "{cond}" in form:
            form = form.replace("{cond}", self.cond(depth).replace("{", "{{").replace("}", "}}"), 1)
        pick = self.chance.choice
        for hole, make in (
            ("{text}", lambda: cedar_string(pick(TEXTS))),
            ("{pattern}", self.pattern),
            ("{string}", lambda: pick(STRINGS)),
            ("{long}", lambda: str(pick((*LONGS, 3, -7)))),
            ("{user}", lambda: f"User::{cedar_string(pick(IDS))}"),
            ("{team}", lambda: f"Team::{cedar_string(pick((*TEAMS, 'none')))}"),
            ("{eq}", lambda: pick(("==", "!="))),
            ("{order}", lambda: pick(("<", "<=", ">", ">="))),
        ):
            while hole in form:
                form = form.replace(hole, make().replace("{", "{{").replace("}", "}}"), 1)
        return form.format(**given)

    def pattern(self):
        pieces = [
            self.chance.choice((*TEXTS, *"****************"))
            for _ in range(self.chance.randint(1, 3))
        ]
        return (
            '"'
            + "".join(p if p == "*" else cedar_string(p)[1:-1].replace("*", "\\*") for p in pieces)
            + '"'
        )


def slices_of(policies):
    """The valid ones of some rules, as a slice; None when none is."""
    text = "\n".join(f'@id("r{n}") {policy}' for n, policy in enumerate(policies))
    rules, flaws = read_rules((PolicyText("p.cedar", text),), SCHEMA)
    flawed = {flaw.line for flaw in flaws}
    valid = [rule for rule in rules if rule.source.line not in flawed]
    return make_slices(valid, SCHEMA, engine="compiled")["listBookings"] if valid else None
