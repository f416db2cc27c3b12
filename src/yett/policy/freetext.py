"""Which strings of an operation's input are free text: schemas -> a tree that walks values.

A string is held by the contract, and left alone, when each schema that can apply to it has `enum`,
`const`, a format that leaves no room for a payload, or an anchored pattern without one; the same
for types other than string. Everything else is free text, and so is every member no schema names.
Schemas are 2020-12 with local `$ref`s and may be recursive. Where several schemas meet, a string
counts as held in doubt only if all of them hold it: rather one look too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from yett.policy.errors import PolicyError
from yett.policy.injection.narrow import is_narrow
from yett.policy.injection.rules import PLAIN, PROFILES
from yett.terms import Finding, Mode

EXTENSION = "x-yett-text"
# jsonschema-rs also validates email, uri, regex and others, but their grammars admit a whole
# payload: `"' or 1=1 --"@x.de` is a valid e-mail address, `javascript:alert(1)` a valid URI.
CLOSED_FORMATS = frozenset(
    {"date", "date-time", "time", "duration", "uuid", "ipv4", "ipv6", "hostname", "idn-hostname"}
)
ANY_NAME = "*"
# In-place applicators: their schemas apply to the same value (JSON Schema 2020-12 core s10.2).
_ALL = ("allOf",)
_SOME = ("anyOf", "oneOf")
_BRANCHES = ("if", "then", "else")
_KINDS = (*PROFILES, "off")

# Looks at one string: see `injection.detect.Detector`.
Look = Callable[[str], str | None]
# Something that follows from one schema alone about every value that fits it.
Claim = Callable[[dict[str, Any]], bool]


class Spot:
    """A place in a value: what to do with a string here, and where to go below.

    Args:
        mode: what a hit here means; `off` when strings here are held by the contract.
        names: the same for the names of members no schema names.
        profile: the kind of text, of `rules.PROFILES`.
        look: what to ask of a string here; None when strings are not scanned. Set by `bind`.
        look_at_name: the same for the names of members no schema names.
        fields: named members; None is a member with nothing to scan.
        extra: members no schema names.
        items: array items.
        prefix: the leading items of a tuple.
    """

    __slots__ = (
        "extra",
        "fields",
        "items",
        "look",
        "look_at_name",
        "mode",
        "names",
        "prefix",
        "profile",
    )

    def __init__(self, mode: Mode, profile: str) -> None:
        self.mode = self.names = mode
        self.profile = profile
        self.fields: dict[str, Spot | None] = {}
        self.extra: Spot | None = self
        self.items: Spot | None = self
        self.prefix: tuple[Spot | None, ...] = ()
        self.look: Look | None = None
        self.look_at_name: Look | None = None


def bind(spots: Iterable[Spot | None], looks: Mapping[str, Look]) -> None:
    """Give every spot that can be reached from `spots` its `look`, by its profile."""
    waiting, seen = [spot for spot in spots if spot], set()
    while waiting:
        spot = waiting.pop()
        if id(spot) in seen:
            continue
        seen.add(id(spot))
        look = looks[spot.profile]
        spot.look = None if spot.mode is Mode.OFF else look
        spot.look_at_name = None if spot.names is Mode.OFF else look
        below = (*spot.fields.values(), *spot.prefix, spot.extra, spot.items)
        waiting += [inner for inner in below if inner]


class Outline:
    """Makes the tree of one operation; one instance per `TextSource`.

    Args:
        root: what `#/...` references resolve against.
        settings: `query/name` or a JSON pointer, `*` for any item or unnamed member, -> mode.
        validated: False when shapes are only observed, so that no schema holds anything.
    """

    def __init__(self, root: Any, settings: Mapping[str, Mode], *, validated: bool = True) -> None:
        self._root = root
        self._settings = settings
        self._validated = validated
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
        parts = self._parts(schemas)
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
                if self._fill(spot, schemas, below, off=profile == "off"):
                    self._known[key] = None
        return self._known[key]

    def _fill(self, spot: Spot, schemas: tuple[Any, ...], below: str | None, *, off: bool) -> bool:
        """Fill in what lies below; True when there is nothing to scan here or below."""
        parts, mode = self._parts(schemas), spot.mode
        profile = "off" if off else spot.profile

        def child(found: tuple[Any, ...], name: str) -> Spot | None:
            if not found:
                return None if off or mode is Mode.OFF else Spot(mode, profile)
            inner = None if below is None else f"{below}/{name}"
            return self._build(found, inner, mode, profile)

        held = off or self._all_entail(schemas, _holds_string)
        spot.mode = Mode.OFF if held else mode
        spot.names = Mode.OFF if off else mode
        for name in {n for part in parts for n in _members(part, "properties")}:
            spot.fields[name] = child(_named(parts, name), _escaped(name))
        spot.extra = child(_extras(parts), ANY_NAME)
        spot.items = child(_schemas(parts, ("items", "unevaluatedItems")), ANY_NAME)
        tuples = [part["prefixItems"] for part in parts if _is_list(part, "prefixItems")]
        spot.prefix = tuple(
            child(tuple(row[i] for row in tuples if i < len(row)), ANY_NAME)
            for i in range(max(map(len, tuples), default=0))
        )
        return held and self._all_entail(schemas, _is_leaf)

    def _reaches(self, place: str) -> bool:
        return any(setting.startswith(place + "/") for setting in self._settings)

    def _all_entail(self, schemas: tuple[Any, ...], claim: Claim) -> bool:
        known = self._validated and bool(schemas)
        return known and all(self._entails(schema, claim, ()) for schema in schemas)

    def _entails(self, schema: Any, claim: Claim, seen: tuple[int, ...]) -> bool:
        """Whether `claim` holds for each value that fits `schema`."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return schema is False
        seen = (*seen, id(schema))
        if claim(schema) or any(self._entails(s, claim, seen) for s in self._all_of(schema)):
            return True
        some = (schema[k] for k in _SOME if _is_list(schema, k) and schema[k])
        if any(all(self._entails(s, claim, seen) for s in branch) for branch in some):
            return True
        return "if" in schema and all(
            k in schema and self._entails(schema[k], claim, seen) for k in _BRANCHES[1:]
        )

    def _all_of(self, schema: dict[str, Any]) -> list[Any]:
        found = [s for k in _ALL if _is_list(schema, k) for s in schema[k]]
        return found + [self._target(schema[k]) for k in ("$ref", "$dynamicRef") if k in schema]

    def _parts(self, schemas: tuple[Any, ...]) -> tuple[dict[str, Any], ...]:
        """List every schema that applies in place, each once."""
        found: dict[int, dict[str, Any]] = {}
        waiting = list(schemas)
        while waiting:
            schema = waiting.pop()
            if isinstance(schema, dict) and id(schema) not in found:
                found[id(schema)] = schema
                waiting += self._all_of(schema)
                waiting += [s for k in _SOME if _is_list(schema, k) for s in schema[k]]
                waiting += [schema[k] for k in _BRANCHES if k in schema]
                waiting += _members(schema, "dependentSchemas").values()
        return tuple(found.values())

    def _target(self, reference: Any) -> Any:
        """Follow `#/a/b`; anything else describes nothing, and so holds nothing."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return True
        value = self._root
        for token in filter(None, reference[1:].split("/")):
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return True
        return value


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
    declared = [part[EXTENSION] for part in parts if EXTENSION in part]
    for value in declared:
        if value not in _KINDS:
            raise PolicyError([_bad_profile(value)])
    return min(declared, key=_KINDS.index, default=inherited)


def _bad_profile(value: Any) -> Finding:
    return Finding(
        rule="text-profile",
        severity="error",
        message=f"`{EXTENSION}` is `{value}`, which is no kind of text",
        hint="use `plain`, `html`, `code` or `off`",
    )


def _named(parts: tuple[dict[str, Any], ...], name: str) -> tuple[Any, ...]:
    # `true` beside a schema says only that the name is known (a place closed over its `$ref`s).
    found = tuple(m[name] for m in (_members(p, "properties") for p in parts) if name in m)
    return tuple(schema for schema in found if schema is not True) or found


def _extras(parts: tuple[dict[str, Any], ...]) -> tuple[Any, ...]:
    # Patterns of the contract are not run here: a key gets the strictest of all that might apply.
    return _schemas(parts, ("additionalProperties", "unevaluatedProperties")) + tuple(
        schema for part in parts for schema in _members(part, "patternProperties").values()
    )


def _schemas(parts: tuple[dict[str, Any], ...], keywords: tuple[str, ...]) -> tuple[Any, ...]:
    # `false` admits nothing; what a rule in observe mode lets by must still be scanned.
    return tuple(part[k] for part in parts for k in keywords if isinstance(part.get(k), dict))


def _members(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def _is_list(schema: dict[str, Any], keyword: str) -> bool:
    return isinstance(schema.get(keyword), list)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
