"""The `x-yett` of an operation becomes its `Settings`, checked key by key.

The forms are `extension_forms`, where the keys may stand is `extension_places`. With one mistake
the report refuses the contract: a control that is half understood would be off without a word.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from yett.contract.config import RULES
from yett.contract.extension_forms import Extension, SensitiveForm, fits
from yett.contract.fitting import did_you_mean
from yett.contract.model import Sensitive, Settings
from yett.contract.places import Source
from yett.contract.rates import RateError, read_rate
from yett.contract.report import Report, quote
from yett.contract.resources import read_resource
from yett.contract.rules import EXTENSION_UNKNOWN, EXTENSION_VALUE

# Keys that later rooms read; kept as written.
LATER = ("sunset", "webhook")

_PLAIN = ("cost", "concurrency", "max_body", "timeout", "stream", "websocket", "idempotent")
_TEXT_PLACE = re.compile(r"(?:/.*|(?:path|query|header|cookie)/.+)\Z", re.DOTALL)


def read_settings(operation: dict[str, Any], at: Source, report: Report) -> Settings:
    """Read the `x-yett` of an operation; with a mistake the report refuses the contract."""
    value = operation.get("x-yett", {})
    place = at.at("x-yett")
    if not fits(value, Extension, "x-yett", place, report):
        return Settings()
    _check(value, place, report)
    return _settings(value, operation, place, report)


def _settings(
    value: dict[str, Any], operation: dict[str, Any], at: Source, report: Report
) -> Settings:
    extension = msgspec.convert(value, Extension)
    limit = (extension.limit,) if isinstance(extension.limit, str) else extension.limit
    given = {key: getattr(extension, key) for key in _PLAIN if key in value}
    later = {key: value[key] for key in LATER if key in value}
    if "x-yett-webhook" in operation:
        later["webhook"] = operation["x-yett-webhook"]
    return Settings(
        public=value.get("public"),
        limit=limit if "limit" in value else None,
        cache=extension.cache,
        text=extension.text,
        modes=extension.modes,
        sensitive=_sensitive(extension.sensitive, at.at("sensitive"), report),
        resource=read_resource(extension.resource, at.at("resource"), report),
        public_object=extension.public_object,
        extra=later,
        **given,
    )


def _sensitive(form: bool | SensitiveForm, at: Source, report: Report) -> Sensitive | None:
    """Read `sensitive`; `true` asks for nothing but a durable record."""
    if isinstance(form, bool):
        return Sensitive() if form else None
    if form.within != SensitiveForm().within and not form.approvals:
        message = "`sensitive.within` is about approvals, and none is asked for"
        report.add(EXTENSION_VALUE, message, at.at("within"), hint="add `approvals: 1`")
    return Sensitive(
        acr=form.acr,
        max_age=form.max_age,
        approvals=form.approvals,
        within=form.within,
        bind=form.bind,
    )


def _check(value: dict[str, Any], at: Source, report: Report) -> None:
    for name in value.get("modes", ()):
        if name not in RULES:
            hint = did_you_mean(name, list(RULES))
            place = at.at("modes", name)
            report.add(EXTENSION_UNKNOWN, f"{quote(name)} is not a rule", place, hint=hint)
    for name in value.get("text", ()):
        if not _TEXT_PLACE.match(name):
            hint = "write `/json/pointer` of a body field or `query/name`"
            message = f"{quote(name)} names no field"
            report.add(EXTENSION_VALUE, message, at.at("text", name), hint=hint)
    _check_limits(value, at, report)
    if value.get("public") and value.get("sensitive"):
        message = "an operation cannot be both `public` and `sensitive`"
        report.add(EXTENSION_VALUE, message, at, hint="nobody is there to step up")


def _check_limits(value: dict[str, Any], at: Source, report: Report) -> None:
    limits = value.get("limit", ())
    for index, text in enumerate((limits,) if isinstance(limits, str) else limits):
        try:
            read_rate(text)
        except RateError as error:
            place = at.at("limit") if isinstance(limits, str) else at.at("limit", index)
            report.add(EXTENSION_VALUE, str(error), place, hint=error.hint)
