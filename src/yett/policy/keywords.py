"""The keywords of JSON Schema 2020-12 as one table: what a value must be, where subschemas apply.

A keyword that is not here is not looked at by the gate. JSON Schema 2020-12 core s10 and s11,
validation s6.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from yett.contract.keywords import LARGEST, TYPES

# The free-text rules (injection/freetext.py) read this one from the schema; validators ignore it.
KEPT_EXTENSION = "x-yett-text"


class Where(enum.Enum):
    """How a keyword's value relates to the instance."""

    VALUE = "value"  # no subschema
    SAME = "same"  # a subschema for the same instance
    SAME_LIST = "same list"
    SAME_MAP = "same map"
    TEST = "test"  # a question about the instance: closing it would change the answer
    CHILD = "child"  # a subschema for a part of the instance
    CHILD_LIST = "child list"
    CHILD_MAP = "child map"


def _is_schema(value: Any) -> bool:
    return isinstance(value, (dict, bool))


def _is_schema_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_schema, value))


def _is_schema_map(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and _is_schema(schema) for name, schema in value.items()
    )


def _is_number(value: Any) -> bool:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return known and -LARGEST <= value <= LARGEST


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_names_map(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_names, value.values()))


def _is_type(value: Any) -> bool:
    named = value if isinstance(value, list) else [value]
    return bool(named) and all(isinstance(name, str) and name in TYPES for name in named)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_choice(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_any(value: Any) -> bool:
    del value
    return True


Check = Callable[[Any], bool]
KEYWORDS: dict[str, tuple[Where, Check]] = {
    "$ref": (Where.SAME, _is_string),
    "type": (Where.VALUE, _is_type),
    "enum": (Where.VALUE, _is_choice),
    "const": (Where.VALUE, _is_any),
    "multipleOf": (Where.VALUE, _is_positive),
    "maximum": (Where.VALUE, _is_number),
    "minimum": (Where.VALUE, _is_number),
    "exclusiveMaximum": (Where.VALUE, _is_number),
    "exclusiveMinimum": (Where.VALUE, _is_number),
    "maxLength": (Where.VALUE, _is_count),
    "minLength": (Where.VALUE, _is_count),
    "pattern": (Where.VALUE, _is_string),
    "format": (Where.VALUE, _is_string),
    "maxItems": (Where.VALUE, _is_count),
    "minItems": (Where.VALUE, _is_count),
    "uniqueItems": (Where.VALUE, _is_bool),
    "maxContains": (Where.VALUE, _is_count),
    "minContains": (Where.VALUE, _is_count),
    "maxProperties": (Where.VALUE, _is_count),
    "minProperties": (Where.VALUE, _is_count),
    "required": (Where.VALUE, _is_names),
    "dependentRequired": (Where.VALUE, _is_names_map),
    "allOf": (Where.SAME_LIST, _is_schema_list),
    "anyOf": (Where.SAME_LIST, _is_schema_list),
    "oneOf": (Where.SAME_LIST, _is_schema_list),
    "then": (Where.SAME, _is_schema),
    "else": (Where.SAME, _is_schema),
    "dependentSchemas": (Where.SAME_MAP, _is_schema_map),
    "if": (Where.TEST, _is_schema),
    "not": (Where.TEST, _is_schema),
    "contains": (Where.TEST, _is_schema),
    "propertyNames": (Where.TEST, _is_schema),
    "items": (Where.CHILD, _is_schema),
    "prefixItems": (Where.CHILD_LIST, _is_schema_list),
    "unevaluatedItems": (Where.CHILD, _is_schema),
    "properties": (Where.CHILD_MAP, _is_schema_map),
    "patternProperties": (Where.CHILD_MAP, _is_schema_map),
    "additionalProperties": (Where.CHILD, _is_schema),
    "unevaluatedProperties": (Where.CHILD, _is_schema),
    KEPT_EXTENSION: (Where.VALUE, _is_any),
}
COUNTS = frozenset(name for name, (_, check) in KEYWORDS.items() if check is _is_count)
# Dropping these opens what the contract meant to narrow by structure, so they are errors.
STRUCTURAL = frozenset(
    name for name, (where, _) in KEYWORDS.items() if where is not Where.VALUE
) | {"type"}
