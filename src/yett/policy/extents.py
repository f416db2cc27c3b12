"""What the schemas of one place of an *answer* declare together: names, patterns, what else, items.

Read as the widest that any of them allows: `allOf` adds up, of alternatives any may be the one, so
nothing that the contract declares is ever outside. Where an alternative says nothing about its
object the place is open, as it is where nobody says anything (policy/closing.py reads requests so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jsonschema_rs
from msgspec import Struct

from yett.policy.keywords import KEYWORDS, Where
from yett.policy.patterns import DIALECT, LINEAR_OPTIONS
from yett.policy.schemas import Schemas

ALTERNATIVES = ("anyOf", "oneOf")


class Applied(Struct, frozen=True):
    """A schema object that applies to a place; `branch` when only under a condition."""

    own: dict[str, Any]
    branch: bool


Start = tuple[Any, bool]  # a node, and whether it is one of several that may apply
Variants = Callable[[Any], list[Any]]


class Extent:
    """One place.

    Args:
        schemas: the document's.
        starts: what describes the place.
        variants: nodes that a discriminator's mapping names beside the base it stands in.

    Attributes:
        open: everything in an object here is kept, but for `hidden`.
        names: declared name -> the nodes that describe it.
        hidden: names that never leave.
        patterns: pattern -> its nodes.
        extra: nodes of what is not named, empty when nothing is said of it; None to leave it out.
        prefix: nodes per position of an array, `rest` of what comes after; None when nobody says.
    """

    __slots__ = ("extra", "hidden", "names", "open", "patterns", "prefix", "rest")

    def __init__(self, schemas: Schemas, starts: Iterable[Start], variants: Variants) -> None:
        walk = _Walk(schemas, starts, variants)
        parts = walk.parts
        self.open = walk.unknown or _is_open(walk)
        self.extra = _extra(parts)
        patterns = dict.fromkeys(n for part in parts for n in part.own.get("patternProperties", {}))
        self.patterns = {n: _described(parts, "patternProperties", n) for n in patterns}
        self.names: dict[str, list[Start]] = {}
        self.hidden: set[str] = set()
        for name in dict.fromkeys(n for part in parts for n in part.own.get("properties", {})):
            self._name(schemas, parts, name)
        longest = max((len(part.own.get("prefixItems", ())) for part in parts), default=0)
        self.prefix = [_items(parts, at) for at in range(longest)]
        self.rest = _items(parts, longest)

    def _name(self, schemas: Schemas, parts: list[Applied], name: str) -> None:
        told = [(part.own.get("properties", {}).get(name), part.branch) for part in parts]
        hidden = [branch for node, branch in told if node is not None and schemas.is_hidden(node)]
        shown = [branch for node, branch in told if node is not None]
        # An alternative that hides a name says nothing of one that shows it.
        if False in hidden or len(hidden) == len(shown):
            self.hidden.add(name)
            return
        nodes = _described(parts, "properties", name)
        nodes = [start for start in nodes if not schemas.is_hidden(start[0])]
        for pattern, more in self.patterns.items():
            if make_matches(pattern)(name):
                nodes += more
        self.names[name] = nodes


class _Walk:
    """Everything that applies to the same value as `starts`."""

    def __init__(self, schemas: Schemas, starts: Iterable[Start], variants: Variants) -> None:
        self.schemas = schemas
        self.parts: list[Applied] = []
        self.unknown = False
        self._variants = variants
        stack = list(starts)
        self.alternatives = [node for node, branch in stack if branch]
        seen: set[tuple[int, bool]] = set()
        while stack:
            node, branch = stack.pop()
            if (id(node), branch) in seen:
                continue
            seen.add((id(node), branch))
            stack += self._take(node, seen, branch=branch)

    def _take(self, node: Any, seen: set[tuple[int, bool]], *, branch: bool) -> list[Start]:
        own = self.schemas.own(node)
        if not isinstance(own, dict):
            # `false` stands for a reference that leads nowhere as well: nothing is known of it.
            self.unknown = self.unknown or own is False
            own = {}
        self.unknown = self.unknown or _lost_patterns(node, own)
        self.parts.append(Applied(own, branch))
        below: list[Start] = [(sub, branch) for sub in own.get("allOf", ())]
        if "$ref" in own:
            below.append((self.schemas.target(own["$ref"]), branch))
        below += [(own[k], True) for k in ("if", "then", "else") if isinstance(own.get(k), dict)]
        below += [(sub, True) for sub in own.get("dependentSchemas", {}).values()]
        either = [sub for keyword in ALTERNATIVES for sub in own.get(keyword, ())]
        others = self._variants(node)
        # Reached from one of its own variants, a base is a part of that and no choice of others.
        if not any((id(one), flag) in seen for one in others for flag in (False, True)):
            either += others
        self.alternatives += either
        return below + [(sub, True) for sub in either]


def _lost_patterns(node: Any, own: dict[str, Any]) -> bool:
    """Whether a pattern of names was dropped, because no engine here runs it (SCHEMA_PATTERN)."""
    written = node.get("patternProperties") if isinstance(node, dict) else None
    return isinstance(written, dict) and len(written) != len(own.get("patternProperties", {}))


def _is_open(walk: _Walk) -> bool:
    if not any(_declares(part.own) for part in walk.parts):
        return True
    if any(_declares(part.own) for part in walk.parts if not part.branch):
        return False
    return any(_admits_anything(walk.schemas, node) for node in walk.alternatives)


def _declares(own: dict[str, Any]) -> bool:
    if "properties" in own or "patternProperties" in own:
        return True
    extra = own.get("additionalProperties", own.get("unevaluatedProperties", False))
    return extra not in (True, False, {})


def _admits_anything(schemas: Schemas, node: Any) -> bool:
    """Whether an alternative, by itself, is an object of which nothing is said."""
    parts = [part.own for part in _Walk(schemas, [(node, False)], lambda _: []).parts]
    if any(_declares(own) for own in parts):
        return False
    values = [value for own in parts for value in own.get("enum", ())]
    values += [own["const"] for own in parts if "const" in own]
    if values and not any(isinstance(value, dict) for value in values):
        return False
    types = [own["type"] for own in parts if "type" in own]
    if types:
        return all("object" in (named if isinstance(named, list) else [named]) for named in types)
    # `required` and the like alone are a condition on what others describe.
    return all(KEYWORDS[k][0] in (Where.SAME, Where.SAME_LIST) for own in parts for k in own)


def _described(parts: list[Applied], keyword: str, name: str) -> list[Start]:
    """Return what every part says of one name, or of the names of one pattern."""
    found: list[Start] = []
    for part in parts:
        node = part.own.get(keyword, {}).get(name)
        if node is not None:
            found.append((node, part.branch))
            continue
        extra = part.own.get("additionalProperties", False)
        # `true` that always applies adds nothing to what others say; as an alternative, everything.
        if extra is not False and (part.branch or extra not in (True, {})):
            found.append((extra, part.branch))
    return found


def _extra(parts: list[Applied]) -> list[Start] | None:
    found = [
        (part.own[key], part.branch)
        for part in parts
        for key in ("additionalProperties", "unevaluatedProperties")
        if part.own.get(key, False) is not False
    ]
    if not found:
        return None
    if any(branch for node, branch in found if node in (True, {})):
        return []
    return [start for start in found if start[0] not in (True, {})]


def _items(parts: list[Applied], at: int) -> list[Start] | None:
    """Return what describes the item at one position; None when somebody keeps any."""
    found: list[Start] = []
    for part in parts:
        own = part.own
        prefix = own.get("prefixItems", ())
        if at < len(prefix):
            found.append((prefix[at], part.branch))
        elif "items" in own or "unevaluatedItems" in own:
            found.append((own.get("items", own.get("unevaluatedItems")), part.branch))
        elif part.branch and "array" in own.get("type", ()):
            return None
    return found or None


def make_matches(pattern: str) -> Callable[[str], bool]:
    """A pattern of names, on an automaton: what the service calls its fields may be a client's."""
    found: Callable[[str], bool] = jsonschema_rs.validator_for(
        {"$schema": DIALECT, "pattern": pattern}, offline=True, pattern_options=LINEAR_OPTIONS
    ).is_valid
    return found
