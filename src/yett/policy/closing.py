"""Where unknown fields can be told: which names the schemas of one place declare.

A place is closed where it is used, never inside an `allOf` branch, because a branch cannot see its
siblings' names (the mistake of injecting `additionalProperties: false` everywhere). Static when the
names are the same for every value, dynamic (`unevaluatedProperties`) when they depend on which
branch matches; JSON Schema 2020-12 core s11.3.
"""

from __future__ import annotations

import enum
from typing import Any

from yett.policy.keywords import KEYWORDS, Where
from yett.policy.schemas import Schemas


class Manner(enum.Enum):
    """How a place is closed."""

    OPEN = "open"  # nothing is declared, or the contract itself says what else may come
    STATIC = "static"
    DYNAMIC = "dynamic"
    SPLIT = "split"  # alternatives of which at most one is an object: each closes itself


class Reach:
    """What the schemas that apply to one instance location declare together.

    Args:
        owners: name -> the property schemas that always apply to it.
        branch_names: names declared under a condition or an alternative.
        patterns: `patternProperties` that always apply.
        hidden: names that are `readOnly`.
        declares: whether `properties` or `patternProperties` is there at all.
        conditional: whether some of it is declared under a condition.
        explicit: whether `additionalProperties` or `unevaluatedProperties` always applies.
        extra_in_branch: whether a branch admits names it does not declare.
    """

    __slots__ = (
        "branch_names",
        "branch_patterns",
        "conditional",
        "declares",
        "explicit",
        "extra_in_branch",
        "hidden",
        "owners",
        "patterns",
    )

    def __init__(self) -> None:
        self.owners: dict[str, list[Any]] = {}
        self.branch_names: dict[str, list[Any]] = {}
        self.patterns: set[str] = set()
        self.branch_patterns: set[str] = set()
        self.hidden: set[str] = set()
        self.extra_in_branch = False
        self.declares = False
        self.conditional = False
        self.explicit = False


class Closing:
    """Answers, per node, what its place declares; each answer is kept."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self._reaches: dict[int, Reach] = {}

    def reach(self, node: Any) -> Reach:
        """Walk everything that applies to the same instance as `node`."""
        found = self._reaches.get(id(node))
        if found is None:
            found = self._reaches[id(node)] = self._walk(node)
        return found

    def manner(self, node: Any) -> Manner:
        """Decide how a place that `node` alone describes is closed."""
        own = self.schemas.own(node)
        if not isinstance(own, dict):
            return Manner.OPEN
        reach = self.reach(node)
        if not reach.declares or reach.explicit:
            return Manner.OPEN
        if not reach.conditional:
            return Manner.STATIC
        return Manner.SPLIT if self._splits(own) else Manner.DYNAMIC

    def overlaps(self, node: Any) -> tuple[dict[str, list[Any]], frozenset[str]]:
        """Return properties to close as one, and those that must stay open.

        The first are declared by several schemas that all apply; closing each alone would refuse
        what the other declares. The second are declared both always and under a condition.
        """
        reach = self.reach(node)
        joined, loose = {}, set()
        for name, owners in reach.owners.items():
            branches = reach.branch_names.get(name, ())
            if len(owners) + len(branches) < 2:
                continue
            if not any(self.manner(self.schemas.settle(n)) is not Manner.OPEN for n in owners):
                continue
            if branches:
                loose.add(name)
            else:
                joined[name] = owners
        return joined, frozenset(loose)

    def _splits(self, own: dict[str, Any]) -> bool:
        """Whether this is only a choice in which at most one branch can be an object."""
        branches = own.get("anyOf") or own.get("oneOf")
        structural = {k for k in own if KEYWORDS[k][0] is not Where.VALUE}
        if branches is None or len(structural) != 1:
            return False
        return sum(self._may_be_object(branch) for branch in branches) <= 1

    def _may_be_object(self, node: Any) -> bool:
        own = self.schemas.own(self.schemas.settle(node))
        if not isinstance(own, dict):
            return own
        named = own.get("type", "object")
        if "object" not in (named if isinstance(named, list) else [named]):
            return False
        values = own.get("enum", [own["const"]] if "const" in own else None)
        return values is None or any(isinstance(value, dict) for value in values)

    def _walk(self, start: Any) -> Reach:
        reach = Reach()
        seen: set[tuple[int, bool]] = set()
        stack: list[tuple[Any, bool]] = [(start, False)]
        while stack:
            node, branch = stack.pop()
            own = self.schemas.own(node)
            if not isinstance(own, dict) or (id(node), branch) in seen:
                continue
            seen.add((id(node), branch))
            self._collect(own, reach, branch=branch)
            if "$ref" in own:
                stack.append((self.schemas.target(own["$ref"]), branch))
            stack.extend((sub, branch) for sub in own.get("allOf", ()))
            stack.extend((sub, True) for k in ("anyOf", "oneOf") for sub in own.get(k, ()))
            stack.extend((own[k], True) for k in ("if", "then", "else") if k in own)
            stack.extend((sub, True) for sub in own.get("dependentSchemas", {}).values())
        return reach

    def _collect(self, own: dict[str, Any], reach: Reach, *, branch: bool) -> None:
        declared = own.get("properties", {})
        names = reach.branch_names if branch else reach.owners
        for name, schema in declared.items():
            names.setdefault(name, []).append(schema)
            if self.schemas.is_hidden(schema):
                reach.hidden.add(name)
        patterns = own.get("patternProperties", {})
        (reach.branch_patterns if branch else reach.patterns).update(patterns)
        if "properties" in own or "patternProperties" in own:
            reach.declares = True
            reach.conditional = reach.conditional or branch
        extra = own.get("additionalProperties", own.get("unevaluatedProperties", False))
        if extra is not False:
            # Under a condition it is only known at run time what it covers.
            reach.conditional = reach.conditional or branch
            reach.extra_in_branch = reach.extra_in_branch or branch
            reach.explicit = reach.explicit or not branch
