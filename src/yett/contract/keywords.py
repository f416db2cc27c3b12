"""The schema keywords that hold no subschema: what the value of each must be.

A literal table; a boolean `exclusiveMinimum` is OpenAPI 3.0's. JSON Schema 2020-12 validation s6.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

# The largest double: an integer beyond it is infinite to some parsers, and an exception to others.
LARGEST = sys.float_info.max
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -LARGEST <= value <= LARGEST


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_bound(value: Any) -> bool:
    return type(value) is bool or _is_number(value)  # boolean in OpenAPI 3.0


def _is_step(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_choice(value: Any) -> bool:
    return type(value) is list and bool(value)


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_names(value: Any) -> bool:
    return type(value) is list and all(type(name) is str for name in value)


def _is_type(value: Any) -> bool:
    if type(value) is list:
        return bool(value) and all(type(name) is str and name in TYPES for name in value)
    return type(value) is str and value in TYPES


# keyword -> (check, the form it must have)
LEAVES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("minimum", "maximum"), (_is_number, "a number")),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), (_is_bound, "a number")),
    **dict.fromkeys(
        (
            "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
            "minContains", "maxContains",
        ),
        (_is_count, "a whole number from 0 on"),
    ),
    "multipleOf": (_is_step, "a number greater than 0"),
    "type": (_is_type, "a type"),
    "enum": (_is_choice, "a list with a value in it"),
    "required": (_is_names, "a list of names"),
    "pattern": (_is_text, "a string"),
    "uniqueItems": (_is_flag, "`true` or `false`"),
    "readOnly": (_is_flag, "`true` or `false`"),
    "writeOnly": (_is_flag, "`true` or `false`"),
    "nullable": (_is_flag, "`true` or `false`"),
    "deprecated": (_is_flag, "`true` or `false`"),
    "format": (_is_text, "a string"),
    "discriminator": (_is_object, "an object"),
    "dependentRequired": (_is_object, "an object"),
}  # fmt: skip
