"""Names that stand in Cedar: entity types, attributes, field classes.

Only plain identifiers are taken, although Cedar would take more in quotes: a name that needs none
reads the same in policies, in the generated schema and in `yett check`. Cedar reference, "Grammar".
"""

from __future__ import annotations

import re

MAX_NAME_CHARACTERS = 64

_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{MAX_NAME_CHARACTERS - 1}}}\Z")
_CLASS = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{MAX_NAME_CHARACTERS - 1}}}\Z")
# Words of Cedar's grammar, which are no names.
RESERVED = frozenset(("true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"))
# Types of the schema language, and the types that every schema of yett has.
_TYPES = frozenset(
    (
        *("Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String"),
        *("datetime", "decimal", "duration", "ipaddr", "Action", "Api", "Role"),
    )
)

# What every principal has, and may have, without anybody saying so.
PRINCIPAL_ATTRIBUTES = ("id", "issuer", "scopes", "roles", "client", "tenant")
# The entity types of callers that did not sign in as a person.
OTHER_PRINCIPALS = ("Anonymous", "Key", "Service")


def type_flaw(name: str) -> str:
    """Say why a name cannot be an entity type; empty when it can."""
    if not _NAME.match(name) or name in RESERVED:
        return "is not a name that Cedar takes: a letter, then letters, digits and `_`"
    return "is a name that Cedar or yett has taken" if name in _TYPES else ""


def attribute_flaw(name: str) -> str:
    """Say why a name cannot be an attribute; empty when it can."""
    if not _NAME.match(name) or name in RESERVED:
        return "is not a name that Cedar takes: a letter, then letters, digits and `_`"
    return ""


def class_flaw(name: str) -> str:
    """Say why a name cannot be a field class; empty when it can."""
    if not _CLASS.match(name):
        return "is not a field class: a letter, then letters, digits, `_` and `-`"
    return "is the word for approvals" if name == "approve" else ""
