"""The forms of the `x-yett` extensions: literal Structs, an unknown key is an error.

Shapes alone; what the values must mean is checked by `extension`, `resources` and `machines`, and
`model` says what each key does. docs/reference/extensions.md has a heading for each.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from yett.contract.config import Bytes, Seconds
from yett.contract.fitting import misfits
from yett.contract.places import Source
from yett.contract.report import Report
from yett.contract.rules import EXTENSION_UNKNOWN, EXTENSION_VALUE
from yett.terms import Mode

MAX_APPROVALS = 10
MAX_APPROVAL_SECONDS = 30 * 86400

Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class SensitiveForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Step-up (RFC 9470), tokens for one call and approvals that an operation asks for."""

    acr: str = ""
    max_age: Annotated[int, Meta(ge=0, le=86400)] | None = None
    approvals: Annotated[int, Meta(ge=0, le=MAX_APPROVALS)] = 0
    within: Annotated[int, Meta(ge=1, le=MAX_APPROVAL_SECONDS)] = 3600
    bind: Literal["", "operation"] = ""


class SunsetForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Dates of an operation's end (RFC 9745, RFC 8594), and what comes after it."""

    deprecated: Date | None = None
    sunset: Date | None = None
    successor: str = ""


class ResourceForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The record that an operation is about; the keys as in `model.Resource`."""

    type: str
    id: str = ""
    record: str = ""
    attrs: dict[str, str] = {}
    key: str = "/id"
    read: str = ""
    items: str | None = None
    totals: tuple[str, ...] = ()
    strict: bool = False
    closed: bool = False


class MoveForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One operation of a machine."""

    start: tuple[str, ...] = msgspec.field(name="from")
    to: str = ""


class MachineForm(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The states of a record type; `type` is that of the place where it stands when absent."""

    field: str
    initial: tuple[str, ...]
    operations: dict[str, MoveForm]
    terminal: tuple[str, ...] = ()
    type: str = ""


class Extension(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `x-yett` may hold; the meaning of each key is in `model.Settings`."""

    public: bool = False
    limit: str | tuple[str, ...] = ()
    cost: Annotated[float, Meta(gt=0, le=1_000_000)] = 1.0
    concurrency: Annotated[int, Meta(ge=1, le=100_000)] = 1
    max_body: Bytes = 1
    timeout: Seconds = 1.0
    stream: Literal["request", "response", "both"] = "both"
    websocket: bool = False
    idempotent: bool = False
    cache: bool = False
    text: dict[str, Mode] = {}
    modes: dict[str, Mode] = {}
    sensitive: bool | SensitiveForm = False
    resource: ResourceForm | None = None
    public_object: bool = False
    sunset: SunsetForm | None = None
    webhook: dict[str, Any] | None = None


def fits(value: Any, form: type, key: str, at: Source, report: Report) -> bool:
    """Report everything that keeps `value`, written under `key`, from being a `form`."""
    found = misfits(value, form)
    for misfit in found:
        rule = EXTENSION_UNKNOWN if misfit.kind == "unknown" else EXTENSION_VALUE
        named = misfit.kind == "value" and misfit.pointer
        where = f"`{'.'.join(misfit.pointer)}`: " if named else ""
        message = f"in `{key}`, {where}{misfit.message}"
        report.add(rule, message, at.at(*misfit.pointer), hint=misfit.hint)
    return not found
