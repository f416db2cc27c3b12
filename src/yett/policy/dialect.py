"""One schema object of OpenAPI 3.0, 3.1 or 3.2 restated in JSON Schema 2020-12.

Whatever is not in the table of keywords (annotations, examples, vendor extensions) is dropped.
Subschemas stay as written: the walk over them is `bundle.py`. OpenAPI 3.0.4 s4.7.24, 3.1.1 s4.8.24,
JSON Schema 2020-12.
"""

from __future__ import annotations

from typing import Any

from yett.policy.keywords import COUNTS, KEYWORDS, STRUCTURAL
from yett.policy.notes import Notes
from yett.policy.patterns import MAX_FANCY_CHARACTERS, Power, weigh
from yett.policy.rules import SCHEMA_PATTERN, SCHEMA_STRUCTURE, SCHEMA_VALUE

# jsonschema-rs ignores these formats (notes/graphql_openapi B7), so they become bounds.
INTEGER_BOUNDS: dict[str, tuple[int, int]] = {
    "int8": (-(2**7), 2**7 - 1),
    "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
BASE64_PATTERN = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


class Dialect:
    """Restates schema objects of one document; what it drops goes to `notes`."""

    def __init__(self, version: str, notes: Notes) -> None:
        self.old = version.startswith("3.0")
        self.notes = notes
        self._powers: dict[str, Power] = {}
        self.fancy = False

    def restate(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the same schema object with 2020-12 keywords alone, subschemas as written."""
        if self.old and isinstance(schema.get("$ref"), str):
            return {"$ref": schema["$ref"]}  # OpenAPI 3.0: siblings of `$ref` are ignored
        own = self._checked(_modernised(schema, old=self.old))
        _bound_integers(own)
        if own.get("format") == "byte":
            own.setdefault("pattern", BASE64_PATTERN)
        elif own.get("format") == "binary":
            # The value holds no bytes of a file (forms.FILE_VALUE): nothing to measure.
            own = {k: v for k, v in own.items() if k not in ("maxLength", "minLength", "pattern")}
        self._weigh_patterns(own)
        if self.old and schema.get("nullable") is True:
            return _with_null(own)
        return own

    def power(self, pattern: str) -> Power:
        """Weigh a pattern, once per text."""
        if pattern not in self._powers:
            self._powers[pattern] = weigh(pattern)
            self.fancy = self.fancy or self._powers[pattern] is Power.FANCY
        return self._powers[pattern]

    def _checked(self, schema: dict[str, Any]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        for name, value in schema.items():
            row = KEYWORDS.get(name)
            if row is None:
                continue
            if row[1](value):
                own[name] = _plain(name, value)
            elif name in STRUCTURAL:
                self.notes.add(
                    SCHEMA_STRUCTURE,
                    f"`{name}` has a value that no schema can have: `{_short(value)}`",
                    "see the OpenAPI Schema Object for what it takes",
                )
            else:
                self.notes.add(
                    SCHEMA_VALUE,
                    f"`{name}: {_short(value)}` means nothing and is not checked",
                    "give it the type that JSON Schema asks for",
                )
        return own

    def _weigh_patterns(self, own: dict[str, Any]) -> None:
        pattern = own.get("pattern")
        if pattern is not None:
            power = self.power(pattern)
            if power is Power.INVALID:
                del own["pattern"]
                self._drop(pattern)
            elif power is Power.FANCY:
                self._cap(own, pattern)
        names = own.get("patternProperties")
        if names is not None:
            own["patternProperties"] = {n: s for n, s in names.items() if self._is_linear(n)}

    def _is_linear(self, pattern: str) -> bool:
        if self.power(pattern) is Power.LINEAR:
            return True
        self._drop(pattern)
        return False

    def _drop(self, pattern: str) -> None:
        self.notes.add(
            SCHEMA_PATTERN,
            f"`{_short(pattern)}` is no regular expression the gate can run; it is not checked",
            "write it in the ECMA-262 dialect, without look-around where it names properties",
        )

    def _cap(self, own: dict[str, Any], pattern: str) -> None:
        # `maxLength` is looked at first and ends the check: see tests/policy/test_patterns.py.
        declared = own.get("maxLength")
        own["maxLength"] = min(declared or MAX_FANCY_CHARACTERS, MAX_FANCY_CHARACTERS)
        if own["maxLength"] != declared:
            self.notes.add(
                SCHEMA_PATTERN,
                f"`{_short(pattern)}` backtracks; longer than {own['maxLength']} is refused",
                f"write it without look-around, or set `maxLength` to {MAX_FANCY_CHARACTERS}",
            )


def _modernised(schema: dict[str, Any], *, old: bool) -> dict[str, Any]:
    """Rewrite what has another name or form in 2020-12."""
    changed = dict(schema)
    if old:
        for edge, exclusive in (
            ("maximum", "exclusiveMaximum"),
            ("minimum", "exclusiveMinimum"),
        ):
            if not isinstance(changed.get(exclusive), bool):
                continue
            if changed.pop(exclusive) and edge in changed:
                changed[exclusive] = changed.pop(edge)
    if "$dynamicRef" in changed and "$ref" not in changed:
        changed["$ref"] = changed["$dynamicRef"]
    if isinstance(changed.get("required"), bool):
        del changed["required"]  # draft 3, still found on properties; it never meant this
    dependencies = changed.pop("dependencies", None)
    if isinstance(dependencies, dict):
        for name, value in dependencies.items():
            kind = "dependentRequired" if isinstance(value, list) else "dependentSchemas"
            changed[kind] = {**changed.get(kind, {}), name: value}
    return changed


def _plain(name: str, value: Any) -> Any:
    """Write a value as the validator's meta-schema wants it: counts whole, names once."""
    if name in COUNTS:
        return int(value)
    if name in ("required", "type") and isinstance(value, list):
        return list(dict.fromkeys(value))
    if name == "dependentRequired":
        return {key: list(dict.fromkeys(names)) for key, names in value.items()}
    return value


def _bound_integers(own: dict[str, Any]) -> None:
    bounds = INTEGER_BOUNDS.get(own.get("format", ""))
    named = own.get("type", [])
    if bounds is None or not {"integer", "number"} & set(
        [named] if isinstance(named, str) else named
    ):
        return
    own["minimum"] = max(own.get("minimum", bounds[0]), bounds[0])
    own["maximum"] = min(own.get("maximum", bounds[1]), bounds[1])


def _with_null(own: dict[str, Any]) -> dict[str, Any]:
    """Let `null` in: by the type where there is one, else as an alternative to the whole."""
    if "type" in own:
        named = own["type"] if isinstance(own["type"], list) else [own["type"]]
        own["type"] = [*named, "null"] if "null" not in named else named
        if "enum" in own and None not in own["enum"]:
            own["enum"] = [*own["enum"], None]
        if not {"allOf", "anyOf", "oneOf", "not", "if", "$ref", "const"} & own.keys():
            return own
    elif not own:
        return own
    return {"anyOf": [{"type": "null"}, own]}


def _short(value: Any) -> str:
    text = str(value).replace("`", "'").replace("\n", " ")
    return text if len(text) <= 60 else text[:59] + "…"
