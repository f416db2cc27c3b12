"""Which strings of an operation's input are free text: schemas -> a tree that walks values.

A string is held by the contract, and left alone, when each schema that can apply to it has `enum`,
`const`, a format that leaves no room for a payload, or an anchored pattern without one; the same
for types other than string. Everything else is free text, and so is every member no schema names.
Schemas are 2020-12 with local `$ref`s and may be recursive. Where several schemas meet, a string
counts as held in doubt only if all of them hold it: rather one look too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yett.policy.injection.applied import Applied, Claim, is_list, members
from yett.policy.injection.narrow import is_narrow
from yett.policy.injection.rules import PLAIN, PROFILES
from yett.policy.injection.spots import ANY_NAME, Spot
from yett.terms import Mode

EXTENSION = "x-yett-text"
# jsonschema-rs also validates email, uri, regex and others, but their grammars admit a whole
# payload: `"' or 1=1 --"@x.de` is a valid e-mail address, `javascript:alert(1)` a valid URI.
CLOSED_FORMATS = frozenset(
    {"date", "date-time", "time", "duration", "uuid", "ipv4", "ipv6", "hostname", "idn-hostname"}
)
_KINDS = (*PROFILES, "off")


class Outline:
    """Makes the tree of one operation; one instance per `TextSource`.

    Args:
        root: what `#/...` references resolve against.
        settings: `query/name` or a JSON pointer, `*` for any item or unnamed member, -> mode.
    """

    def __init__(self, root: Any, settings: Mapping[str, Mode]) -> None:
        self._applied = Applied(root)
        self._settings = settings
        self._known: dict[tuple[Any, ...], Spot | None] = {}
        self._used: set[str] = set()

    def spot(self, schemas: Iterable[Any], place: str, mode: Mode) -> Spot | None:
        """Return the tree for a value at `place` that any of `schemas` may describe."""
        return self._build(tuple(schemas), place, mode, PLAIN)

    def unused(self) -> tuple[str, ...]:
        """Return the settings that named no place: a typing error must not pass for a setting."""
        return tuple(sorted(set(self._settings) - self._used))

    def _build(
        self, schemas: tuple[Any, ...], place: str | None, mode: Mode, profile: str
    ) -> Spot | None:
        if place is not None and place in self._settings:
            mode = self._settings[place]
            self._used.add(place)
        parts = self._applied.parts(schemas)
        profile = _profile(parts, profile)
        below = place if place is not None and self._reaches(place) else None
        key = (*sorted({id(schema) for schema in schemas}), below, mode, profile)
        if key not in self._known:
            if below is None and (profile == "off" or mode is Mode.OFF):
                self._known[key] = None
            elif not parts:
                self._known[key] = Spot(mode, profile)
            else:
                spot = Spot(mode, PLAIN if profile == "off" else profile)
                self._known[key] = spot  # before its children: a schema may contain itself
                if self._fill(spot, schemas, parts, below, off=profile == "off"):
                    self._known[key] = None
        return self._known[key]

    def _fill(
        self,
        spot: Spot,
        schemas: tuple[Any, ...],
        parts: tuple[dict[str, Any], ...],
        below: str | None,
        *,
        off: bool,
    ) -> bool:
        """Fill in what lies below; True when there is nothing to scan here or below."""
        mode = spot.mode
        profile = "off" if off else spot.profile

        def child(found: tuple[Any, ...], name: str) -> Spot | None:
            if not found:
                return None if off or mode is Mode.OFF else Spot(mode, profile)
            inner = None if below is None else f"{below}/{name}"
            return self._build(found, inner, mode, profile)

        held = off or self._all_entail(schemas, _holds_string)
        spot.mode = Mode.OFF if held else mode
        spot.names = Mode.OFF if off else mode
        for name in {n for part in parts for n in members(part, "properties")}:
            spot.fields[name] = child(_named(parts, name), _escaped(name))
        spot.extra = child(_extras(parts), ANY_NAME)
        spot.items = child(_schemas(parts, ("items", "unevaluatedItems")), ANY_NAME)
        tuples = [part["prefixItems"] for part in parts if is_list(part, "prefixItems")]
        spot.prefix = tuple(
            child(tuple(row[i] for row in tuples if i < len(row)), ANY_NAME)
            for i in range(max(map(len, tuples), default=0))
        )
        return held and self._all_entail(schemas, _is_leaf)

    def _reaches(self, place: str) -> bool:
        return any(setting.startswith(place + "/") for setting in self._settings)

    def _all_entail(self, schemas: tuple[Any, ...], claim: Claim) -> bool:
        return bool(schemas) and all(self._applied.entails(schema, claim) for schema in schemas)


def _types(schema: dict[str, Any]) -> frozenset[str]:
    types = schema.get("type", ("string", "object", "array"))
    return frozenset([types] if isinstance(types, str) else types)


def _holds_string(schema: dict[str, Any]) -> bool:
    return (
        "enum" in schema
        or "const" in schema
        or "string" not in _types(schema)
        or schema.get("format") in CLOSED_FORMATS
        or (isinstance(schema.get("pattern"), str) and is_narrow(schema["pattern"]))
    )


def _is_leaf(schema: dict[str, Any]) -> bool:
    return "enum" in schema or "const" in schema or not {"object", "array"} & _types(schema)


def _profile(parts: tuple[dict[str, Any], ...], inherited: str) -> str:
    """Return the strictest kind of text that any of `parts` declares."""
    # `contract.extension` has refused any other word; should one come here, it loosens nothing.
    declared = [part[EXTENSION] for part in parts if EXTENSION in part]
    known = [value if value in _KINDS else PLAIN for value in declared]
    return min(known, key=_KINDS.index, default=inherited)


def _named(parts: tuple[dict[str, Any], ...], name: str) -> tuple[Any, ...]:
    # `true` beside a schema says only that the name is known (a place closed over its `$ref`s).
    found = tuple(m[name] for m in (members(p, "properties") for p in parts) if name in m)
    return tuple(schema for schema in found if schema is not True) or found


def _extras(parts: tuple[dict[str, Any], ...]) -> tuple[Any, ...]:
    # Patterns of the contract are not run here: a key gets the strictest of all that might apply.
    return _schemas(parts, ("additionalProperties", "unevaluatedProperties")) + tuple(
        schema for part in parts for schema in members(part, "patternProperties").values()
    )


def _schemas(parts: tuple[dict[str, Any], ...], keywords: tuple[str, ...]) -> tuple[Any, ...]:
    # `false` admits nothing; what a rule in observe mode lets by must still be scanned.
    return tuple(part[k] for part in parts for k in keywords if isinstance(part.get(k), dict))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
