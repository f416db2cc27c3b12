"""`x-yett.resource` as a value: the record an operation is about, and where its id is.

Checks the form of each part on its own; whether names and pointers lead somewhere is for
`lint_records`, which sees the whole contract. JSON pointers: RFC 6901.
"""

from __future__ import annotations

import re

from msgspec import structs

from yett.contract.cedar_names import attribute_flaw, type_flaw
from yett.contract.extension_forms import ResourceForm
from yett.contract.model import Resource
from yett.contract.places import Source, is_pointer
from yett.contract.report import Report, quote
from yett.contract.rules import EXTENSION_VALUE

_ID = re.compile(r"(path|query|header|cookie)\.(.+)\Z|(body)\.(/.*)\Z", re.DOTALL)


def split_id(text: str) -> tuple[str, str]:
    """Split `path.NAME` or `body.POINTER` into place and name; two empty strings when it is none.

    Places are `path`, `query`, `header`, `cookie` and `body`.
    """
    match = _ID.match(text)
    return (match[1] or match[3], match[2] or match[4]) if match else ("", "")


def read_resource(form: ResourceForm | None, at: Source, report: Report) -> Resource | None:
    """Read `x-yett.resource`; a mistake is in the report, which then refuses the contract."""
    if form is None:
        return None
    flaw = type_flaw(form.type)
    if flaw:
        report.add(EXTENSION_VALUE, f"`resource.type`: {quote(form.type)} {flaw}", at.at("type"))
    _check_id(form, at, report)
    for name, pointer in form.attrs.items():
        flaw = attribute_flaw(name)
        if flaw:
            message = f"`resource.attrs`: {quote(name)} {flaw}"
            report.add(EXTENSION_VALUE, message, at.at("attrs", name))
        _check_pointer(pointer, at.at("attrs", name), report)
    _check_pointer(form.key, at.at("key"), report)
    _check_pointer(form.record, at.at("record"), report, whole=True)
    _check_list(form, at, report)
    return Resource(**structs.asdict(form))


def _check_id(form: ResourceForm, at: Source, report: Report) -> None:
    where, name = split_id(form.id)
    if form.id and not where:
        message = f"`resource.id`: {quote(form.id)} names no place of the request"
        hint = "write `path.NAME`, `query.NAME`, `header.NAME` or `body./json/pointer`"
        report.add(EXTENSION_VALUE, message, at.at("id"), hint=hint)
    elif where == "body":
        _check_pointer(name, at.at("id"), report)
    if form.closed and not form.id:
        message = "`resource.closed` refuses ids, and there is no `id`"
        report.add(EXTENSION_VALUE, message, at.at("closed"), hint="say where the `id` is")


def _check_list(form: ResourceForm, at: Source, report: Report) -> None:
    for index, pointer in enumerate(form.totals):
        _check_pointer(pointer, at.at("totals", index), report)
    if form.items is not None:
        _check_pointer(form.items, at.at("items"), report, whole=True)
        return
    for name in ("totals", "strict"):
        if getattr(form, name):
            message = f"`resource.{name}` is about a list, and there is no `items`"
            hint = 'say where the list is: `items: /items`, or `items: ""` for the whole answer'
            report.add(EXTENSION_VALUE, message, at.at(name), hint=hint)


def _check_pointer(text: str, at: Source, report: Report, *, whole: bool = False) -> None:
    if not is_pointer(text) or not (text or whole):
        message = f"{quote(text)} is not a JSON pointer"
        hint = "write `/name` or `/outer/name` (RFC 6901)"
        report.add(EXTENSION_VALUE, message, at, hint=hint)
