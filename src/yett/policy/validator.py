"""The one validator of an API: every input schema under a key of its own, compiled together.

Separate validators cost 548 MB on Stripe's document, one root 29 MB. The decision is `is_valid`
alone; why a value fails is asked only where the error path is known to end (it takes 10 s at depth
16 on circles of alternatives). Whatever the validator raises is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import jsonschema_rs

from yett.policy.model import Fault
from yett.policy.patterns import DIALECT, FANCY_OPTIONS, LINEAR_OPTIONS

MAX_EXPLAINED_CHOICES = 6
MAX_EXPLAINED_ERRORS = 16
MAX_EXPLAINED_BYTES = 16_384
MAX_POINTER_CHARACTERS = 200
UNKNOWN_KEYWORDS = frozenset({"additionalProperties", "unevaluatedProperties", "falseSchema"})

_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_.$@-]{1,64}")

Judge = Callable[[Any, int], "Fault | tuple[Fault, ...]"]


class Root:
    """Collects schemas by key, then compiles them once."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}
        self.validator: Any = None

    def add(self, schema: Any) -> str:
        """Add a schema and return its key."""
        key = f"r{len(self.schemas)}"
        self.schemas[key] = schema
        return key

    def document(self, defs: dict[str, Any]) -> dict[str, Any]:
        """Return the whole document."""
        return {"$schema": DIALECT, "properties": self.schemas, "$defs": defs}

    def compile(self, defs: dict[str, Any], *, fancy: bool) -> None:
        """Compile the document.

        Raises:
            ValueError: a schema is invalid or refers to nothing (`jsonschema_rs` errors).
        """
        self.validator = jsonschema_rs.Draft202012Validator(
            self.document(defs),
            validate_formats=True,
            offline=True,
            pattern_options=FANCY_OPTIONS if fancy else LINEAR_OPTIONS,
        )

    def fits(self, key: str) -> Callable[[Any], bool]:
        """Return the decision for one key; valid after `compile`."""

        def fits(value: Any) -> bool:
            try:
                return bool(self.validator.is_valid({key: value}))
            except (ValueError, TypeError, RecursionError):
                return False

        return fits


def explain(validator: Any, key: str, value: Any) -> Fault:
    """Say which place fails and which keyword, never the value.

    A failing child makes its parents report what it evaluated as unknown, so the deepest error
    that is not about unknown names goes first.
    """
    try:
        errors = list(islice(validator.iter_errors({key: value}), MAX_EXPLAINED_ERRORS))
    except (ValueError, TypeError, RecursionError):
        return Fault("mismatch")
    if not errors:
        return Fault("mismatch")
    error = max(errors, key=lambda e: (e.kind.name not in UNKNOWN_KEYWORDS, len(e.instance_path)))
    keyword = error.kind.name
    path = list(error.instance_path)[1:]
    if keyword in UNKNOWN_KEYWORDS:
        return Fault("unknown", pointer([*path, *_named(error)]), keyword)
    if keyword == "required":
        return Fault("missing", pointer([*path, str(error.kind.property)]), keyword)
    return Fault("mismatch", pointer(path), keyword)


def _named(error: Any) -> list[str]:
    listed = getattr(error.kind, "unexpected", None)
    return [str(listed[0])] if listed else []


def pointer(path: list[Any]) -> str:
    """Write a JSON Pointer up to the first token that is not plain: nothing unverified goes out."""
    text = ""
    for token in path:
        part = str(token)
        if not _PLAIN_TOKEN.fullmatch(part) or len(text) + len(part) > MAX_POINTER_CHARACTERS:
            break
        text += "/" + part
    return text


def make_judge(root: Root, closed: str | None, opened: str | None, *, explained: bool) -> Judge:
    """Return what judges a value of `size` bytes: a Fault, or what is only observed.

    Args:
        root: compiled.
        closed: the key under which unknown fields are refused, None when nobody asks.
        opened: the key under which they are not.
        explained: whether the error path ends in time for these schemas.
    """
    is_valid = root.validator.is_valid
    first = closed if closed is not None else opened

    def reason(key: str | None, value: Any, size: int) -> Fault:
        if explained and size <= MAX_EXPLAINED_BYTES:
            return explain(root.validator, str(key), value)
        return Fault("mismatch")

    def judge(value: Any, size: int) -> Fault | tuple[Fault, ...]:
        try:
            if is_valid({first: value}):
                return ()
            if closed is None or opened is None:
                return reason(first, value, size)
            if is_valid({opened: value}):
                found = reason(closed, value, size)
                return (found if found.code == "unknown" else Fault("unknown"),)
        except (ValueError, TypeError, RecursionError):
            return Fault("malformed")
        return reason(opened, value, size)

    return judge
