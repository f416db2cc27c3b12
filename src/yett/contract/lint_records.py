"""Lint rules on `x-yett.resource`, references and field classes: does each lead somewhere?

What is checked here needs no policy. A pointer or a name that leads nowhere makes a rule that reads
it refuse every call, or a reference go unchecked.
"""

from __future__ import annotations

from collections.abc import Iterator

from yett.contract.crosschecks import bare_names, operation_named
from yett.contract.described import EVERY, Described, Nodes, answers, requests
from yett.contract.extension_places import find_extensions
from yett.contract.fitting import did_you_mean
from yett.contract.model import Api, Contract, Operation, Resource
from yett.contract.places import Pointer, Source, read_pointer
from yett.contract.report import Remark, quote
from yett.contract.resources import split_id
from yett.contract.rules import Rule

SAFE = ("GET", "HEAD", "QUERY")

_POINTERS = "pointers are relative to the record, such as `/customer_id`"


def misplaced_ids(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`resource.id` names a parameter or a field of the body that the operation takes."""
    for api, operation, resource, at in _records(contract):
        where, name = split_id(resource.id)
        hint = None
        if where == "body":
            described, nodes = Described(api), requests(operation)
            if not described.at(nodes, read_pointer(name)):
                hint = did_you_mean(name, [f"/{n}" for n in described.names(nodes)])
        elif where:
            names = [p.name for p in operation.parameters if p.location == where]
            if name not in names:
                hint = did_you_mean(name, names) if names else f"it takes nothing in the {where}"
        if hint is not None:
            message = f"{quote(resource.id)} is nothing that `{operation.id}` takes"
            yield _remark(rule, operation, message, at.at("id"), hint)


def lost_attributes(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Each pointer of `record` and `attrs` leads to something that some answer declares."""
    shown: dict[tuple[str, str], list[tuple[Described, Nodes]]] = {}
    for api, operation, resource, _ in _records(contract):
        described = Described(api)
        for nodes in (_shown(described, operation, resource), requests(operation)):
            shown.setdefault((api.name, resource.type), []).append((described, nodes))
    for api, operation, resource, at in _records(contract):
        if resource.record and answers(operation):
            yield from _lost_record(api, operation, resource, at, rule)
        known = shown[api.name, resource.type]
        for name, text in resource.attrs.items():
            if not any(d.at(nodes, read_pointer(text)) for d, nodes in known):
                names = {f"/{n}" for d, nodes in known for n in d.names(nodes)}
                message = f"nothing declares {quote(text)} of a {quote(resource.type)}"
                hint = did_you_mean(text, sorted(names)) or _POINTERS
                yield _remark(rule, operation, message, at.at("attrs", name), hint)


def conflicting_attributes(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """One attribute of a type is at one place of the record, in all operations."""
    seen: dict[tuple[str, str], tuple[str, Operation]] = {}
    for _, operation, resource, at in _records(contract):
        for name, text in resource.attrs.items():
            first, where = seen.setdefault((resource.type, name), (text, operation))
            if first != text:
                message = f"`{resource.type}.{name}` is at {quote(text)} here"
                hint = f"it is at {quote(first)} in `{where.id}`; use `record` where answers differ"
                yield _remark(rule, operation, message, at.at("attrs", name), hint)


def unusable_reads(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`resource.read` is a GET that answers one such record by its id."""
    for api, operation, resource, at in _records(contract):
        if not resource.read:
            continue
        reader = operation_named(contract.apis, resource.read, api.name)
        hint = "name a GET with a `resource` of the same type and an `id`"
        if reader is None:
            message = f"no operation is named {quote(resource.read)}"
            hint = did_you_mean(resource.read, list(bare_names(contract.apis, api.name)))
        elif reader.method != "GET":
            message = f"{quote(resource.read)} is a {reader.method}: reading must change nothing"
        elif reader.settings.resource is None or reader.settings.resource.type != resource.type:
            message = f"{quote(resource.read)} is not about a {quote(resource.type)}"
        elif not reader.settings.resource.id or reader.settings.resource.items is not None:
            message = f"{quote(resource.read)} does not read one {quote(resource.type)} by its id"
        else:
            continue
        yield _remark(rule, operation, message, at.at("read"), hint)


def mistaken_lists(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`items` is an array, `totals` are integers, in some answer of the operation."""
    for api, operation, resource, at in _records(contract):
        if resource.items is None:
            continue
        described, nodes = Described(api), answers(operation)
        if not _is(described, nodes, resource.items, {"array"}):
            message = f"no answer of `{operation.id}` has a list at {quote(resource.items)}"
            hint = _pointer_hint(described, nodes, resource.items)
            yield _remark(rule, operation, message, at.at("items"), hint)
        for index, text in enumerate(resource.totals):
            if not _is(described, nodes, text, {"integer", "number"}):
                message = f"no answer of `{operation.id}` has a number at {quote(text)}"
                hint = _pointer_hint(described, nodes, text)
                yield _remark(rule, operation, message, at.at("totals", index), hint)


def unknown_references(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`x-yett-ref` names the type of some resource, or that of people."""
    known = {resource.type for _, _, resource, _ in _records(contract)}
    known.add(contract.config.principal.type)
    for api in contract.apis:
        for pointer, value in _words(api, "x-yett-ref"):
            if value not in known:
                message = f"nothing declares a {quote(value)}"
                hint = did_you_mean(value, sorted(known))
                source = api.source.within(pointer)
                yield Remark(rule=rule, message=message, source=source, hint=hint)


def unknown_classes(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """Field classes exist once, in the vocabulary, when there is one."""
    known = list(contract.config.vocabulary.classes)
    for api in contract.apis if known else ():
        for pointer, value in _words(api, "x-yett-class"):
            if value not in known:
                message = f"the class {quote(value)} is not in the vocabulary"
                hint = did_you_mean(value, known) or "declare it in `[vocabulary.classes]`"
                source = api.source.within(pointer)
                yield Remark(rule=rule, message=message, source=source, hint=hint)


def _records(contract: Contract) -> Iterator[tuple[Api, Operation, Resource, Source]]:
    for api in contract.apis:
        for operation in api.operations:
            resource = operation.settings.resource
            if resource is not None:
                yield api, operation, resource, operation.source.at("x-yett", "resource")


def _shown(described: Described, operation: Operation, resource: Resource) -> Nodes:
    """Return the schemas of the record in the operation's answers."""
    pointer = read_pointer(resource.record)
    if resource.items is not None:
        pointer = (*read_pointer(resource.items), EVERY, *pointer)
    return described.at(answers(operation), pointer)


def _lost_record(
    api: Api, operation: Operation, resource: Resource, at: Source, rule: Rule
) -> Iterator[Remark]:
    described = Described(api)
    if not _shown(described, operation, resource):
        message = f"no answer of `{operation.id}` has a record at {quote(resource.record)}"
        hint = _pointer_hint(described, answers(operation), resource.record)
        yield _remark(rule, operation, message, at.at("record"), hint)


def _is(described: Described, nodes: Nodes, text: str, types: set[str]) -> bool:
    return bool(described.types(described.at(nodes, read_pointer(text))) & types)


def _pointer_hint(described: Described, nodes: Nodes, text: str) -> str:
    if not nodes:
        return "the operation declares no JSON answer"
    return did_you_mean(text, [f"/{name}" for name in described.names(nodes)])


def _words(api: Api, key: str) -> Iterator[tuple[Pointer, str]]:
    """Yield (pointer, value) of every schema keyword `key` of a document."""
    for pointer, found, value in find_extensions(api.document) if api.extended else ():
        if found == key:
            yield (*pointer, key), value


def _remark(rule: Rule, operation: Operation, message: str, at: Source, hint: str) -> Remark:
    return Remark(rule=rule, message=message, source=at, hint=hint, subject=operation.id)
