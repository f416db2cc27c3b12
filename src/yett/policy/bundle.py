"""All input schemas of one API as one 2020-12 document with `$defs`, open or closed.

Every place that is closed dynamically is a definition reached by a `$ref` alone: jsonschema-rs
remembers the answer of a recursive `$ref` per instance location and then costs 0.04 ms where the
same schema written inline costs 0.7 s at depth 16 (2^depth, CWE-407). References are worked off a
list, inline nesting is capped, so that a hostile document ends in a finding.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from yett.policy.closing import Closing, Manner
from yett.policy.discriminator import Discriminators
from yett.policy.keywords import KEYWORDS, Where
from yett.policy.schemas import Schemas

MAX_INLINE_DEPTH = 48
NONE: frozenset[str] = frozenset()


class TooDeepError(Exception):
    """A schema is nested deeper than `MAX_INLINE_DEPTH`."""


class Bundle:
    """Emits schemas into `defs`; see `site`, `within` and `drain`."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.closing = Closing(schemas)
        self.discriminators = Discriminators(schemas, self.closing)
        self.defs: dict[str, Any] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        self._waiting: deque[tuple[str, Any, tuple[Any, ...]]] = deque()
        self.dynamic: dict[str, Any] = {}

    def site(self, node: Any, *, closed: bool, depth: int = 0) -> Any:
        """Return the schema for a new instance location that `node` describes."""
        if depth > MAX_INLINE_DEPTH:
            raise TooDeepError
        if not closed:
            return self._open(node, depth)
        target = self.schemas.settle(node)
        chained = self.discriminators.chain(target)
        manner = Manner.DYNAMIC if chained else self.closing.manner(target)
        if manner is Manner.OPEN:
            return self.within(node, depth=depth)
        if target is node and manner is not Manner.DYNAMIC:
            return self._closed(target, depth)
        return self._ref("closed", target, ())

    def within(
        self,
        node: Any,
        *,
        depth: int,
        skip: frozenset[str] = NONE,
        loose: frozenset[str] = NONE,
        hidden: frozenset[str] = NONE,
    ) -> Any:
        """Return the closed variant of `node` for a branch: its place is closed elsewhere.

        Args:
            node: the schema object.
            depth: inline nesting so far.
            skip: properties that the place itself checks, with every schema that applies.
            loose: properties that are not closed because branches add to them.
            hidden: `readOnly` names known from the branches beside this one.
        """
        return self._emit(node, depth, closed=True, skip=skip, loose=loose, hidden=hidden)

    def drain(self) -> None:
        """Emit every definition that was referred to and is not there yet."""
        while self._waiting:
            name, node, sets = self._waiting.popleft()
            kind = name[0]
            if kind == "k":
                self.defs[name] = self._closed(node, 0)
                if self.closing.manner(node) is Manner.DYNAMIC:
                    self.dynamic[name] = node
            elif kind == "o":
                self.defs[name] = self._emit(node, 0, closed=False)
            else:
                skip, loose = sets
                self.defs[name] = self.within(node, depth=0, skip=skip, loose=loose)

    def _open(self, node: Any, depth: int) -> Any:
        chained = self.discriminators.chain(self.schemas.settle(node))
        if chained is not None:
            return self._chain(chained, closed=False)
        return self._emit(node, depth, closed=False)

    def _ref(self, kind: str, node: Any, sets: tuple[Any, ...]) -> dict[str, Any]:
        key = (kind, id(node), *sets)
        name = self._names.get(key)
        if name is None:
            letter = {"closed": "k", "open": "o", "within": "d"}[kind]
            name = self._names[key] = f"{letter}{len(self._names)}"
            self._waiting.append((name, node, sets))
        return {"$ref": f"#/$defs/{name}"}

    def _closed(self, node: Any, depth: int) -> Any:
        chained = self.discriminators.chain(node)
        if chained is not None:
            return self._chain(chained, closed=True)
        manner = self.closing.manner(node)
        if manner is Manner.SPLIT:
            return self._split(node, depth)
        joined, loose = self.closing.overlaps(node)
        out = self.within(node, depth=depth, skip=frozenset(joined), loose=loose)
        if not isinstance(out, dict) or manner is Manner.OPEN:
            return out
        if joined:
            properties = out.setdefault("properties", {})
            for name, owners in joined.items():
                properties[name] = self._ref("closed", self.schemas.join(owners), ())
        if manner is Manner.DYNAMIC:
            out["unevaluatedProperties"] = False
        else:
            self._close_static(node, out)
        return out

    def simplify(self, name: str) -> None:
        """Close a dynamic definition by every name that any of its branches declares.

        Weaker than asking which branch matched, but its cost does not multiply where places nest.
        """
        node, out = self.dynamic.pop(name), self.defs[name]
        reach = self.closing.reach(node)
        if isinstance(out, dict) and out.pop("unevaluatedProperties", None) is False:
            if reach.extra_in_branch:
                return
            for branch_name in reach.branch_names:
                out.setdefault("properties", {}).setdefault(branch_name, True)
            for pattern in reach.branch_patterns:
                out.setdefault("patternProperties", {}).setdefault(pattern, True)
            self._close_static(node, out)

    def _close_static(self, node: Any, out: dict[str, Any]) -> None:
        reach = self.closing.reach(node)
        properties = out.setdefault("properties", {})
        for name in reach.owners:
            properties.setdefault(name, True)
        if reach.patterns:
            patterns = out.setdefault("patternProperties", {})
            for pattern in reach.patterns:
                patterns.setdefault(pattern, True)
        out["additionalProperties"] = False

    def _split(self, node: Any, depth: int) -> Any:
        own = self.schemas.own(node)
        assert isinstance(own, dict)
        out = {k: v for k, v in own.items() if KEYWORDS[k][0] is Where.VALUE}
        for composer in ("anyOf", "oneOf"):
            if composer in own:
                out[composer] = [
                    self.site(branch, closed=True, depth=depth + 1) for branch in own[composer]
                ]
        return out

    def _chain(self, chained: dict[str, Any], *, closed: bool) -> Any:
        """Emit a discriminator's chain: each branch is a place of its own."""
        out = {keyword: value for keyword, value in chained.items() if keyword != "allOf"}
        out["allOf"] = [
            {"if": link["if"], "then": self._link(link["then"], closed=closed)}
            for link in chained["allOf"]
        ]
        return out

    def _link(self, node: Any, *, closed: bool) -> Any:
        if not closed:
            return self._ref("open", node, ())
        # The base of an inheritance is a branch of its own chain: closed without the chain, or it
        # would refer to itself for ever.
        if self.discriminators.is_base(node):
            node = self.schemas.join_alone(node)
        return self._ref("closed", node, ())

    def _emit(
        self,
        node: Any,
        depth: int,
        *,
        closed: bool,
        skip: frozenset[str] = NONE,
        loose: frozenset[str] = NONE,
        hidden: frozenset[str] = NONE,
    ) -> Any:
        if depth > MAX_INLINE_DEPTH:
            raise TooDeepError
        own = self.schemas.own(node)
        if not isinstance(own, dict):
            return own
        if hidden or self._has_names(own):
            hidden = hidden | self.closing.reach(node).hidden
        out: dict[str, Any] = {}
        for keyword, value in own.items():
            where = KEYWORDS[keyword][0]
            if where is Where.VALUE:
                out[keyword] = value
            elif where in (Where.CHILD, Where.CHILD_LIST, Where.CHILD_MAP):
                out[keyword] = self._children(
                    keyword, value, depth + 1, closed=closed, skip=skip, loose=loose
                )
            elif where is Where.TEST:
                out[keyword] = self._emit(value, depth + 1, closed=False)
            else:
                out[keyword] = self._branches(
                    keyword, value, depth + 1, closed=closed, sets=(skip, loose, hidden)
                )
        if hidden and "required" in out:
            out["required"] = [name for name in out["required"] if name not in hidden]
        return out

    @staticmethod
    def _has_names(own: dict[str, Any]) -> bool:
        return "required" in own or "allOf" in own or "properties" in own

    def _branches(
        self, keyword: str, value: Any, depth: int, *, closed: bool, sets: tuple[Any, ...]
    ) -> Any:
        skip, loose, hidden = sets
        if keyword == "$ref":
            target = self.schemas.target(value)
            if closed:
                return self._ref("within", target, (skip, loose))["$ref"]
            return self._ref("open", target, ())["$ref"]

        def one(branch: Any) -> Any:
            return self._emit(branch, depth, closed=closed, skip=skip, loose=loose, hidden=hidden)

        if isinstance(value, list):
            return [one(branch) for branch in value]
        if KEYWORDS[keyword][0] is Where.SAME_MAP:
            return {name: one(branch) for name, branch in value.items()}
        return one(value)

    def _children(
        self,
        keyword: str,
        value: Any,
        depth: int,
        *,
        closed: bool,
        skip: frozenset[str],
        loose: frozenset[str],
    ) -> Any:
        if keyword == "properties":
            return {
                name: self._property(name, node, depth, closed=closed, skip=skip, loose=loose)
                for name, node in value.items()
            }
        if isinstance(value, list):
            return [self.site(node, closed=closed, depth=depth) for node in value]
        if KEYWORDS[keyword][0] is Where.CHILD_MAP:
            return {
                name: self.site(node, closed=closed, depth=depth) for name, node in value.items()
            }
        return self.site(value, closed=closed, depth=depth)

    def _property(
        self,
        name: str,
        node: Any,
        depth: int,
        *,
        closed: bool,
        skip: frozenset[str],
        loose: frozenset[str],
    ) -> Any:
        if closed and self.schemas.is_hidden(node):
            return False  # mass assignment (CWE-915): the service sets it, the client may not
        if name in skip:
            return True
        if closed and name in loose:
            return self.within(node, depth=depth)
        return self.site(node, closed=closed, depth=depth)
