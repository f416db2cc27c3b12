"""Lint rules on what may be sent: media types, parameters and servers; see also `lint_schemas`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yett.contract.lint_access import operations, remark
from yett.contract.media import is_json
from yett.contract.model import Api, Contract, Operation
from yett.contract.report import Remark, quote
from yett.contract.rules import Rule
from yett.contract.servers import clean_base

_READ = ("application/x-www-form-urlencoded", "multipart/form-data")


def ambiguous_media_types(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """A range beside one of its members: which schema counts depends on the order of looking."""
    for operation in operations(contract):
        names = [m.name for m in operation.body.content] if operation.body is not None else []
        for wide in names:
            inside = [n for n in names if n != wide and _covers(wide, n)]
            if inside:
                message = f"`{operation.id}` takes {quote(wide)} and also {quote(inside[0])}"
                hint = "the exact type wins; leave the range out if that is not meant"
                yield remark(rule, operation, message, hint)


def unread_bodies(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """A body that is neither JSON nor a form nor text is passed on as it is."""
    for operation in operations(contract):
        names = [m.name for m in operation.body.content] if operation.body is not None else []
        unread = [name for name in names if not _is_read(name)]
        if unread and not operation.settings.stream:
            message = f"`{operation.id}` takes {quote(unread[0])}, whose content is not checked"
            hint = "say `x-yett: {stream: request}` if it is passed on unread"
            yield remark(rule, operation, message, hint)


def parameter_case(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """`userId` and `userid` at one place: a service that ignores case reads the wrong one."""
    for operation in operations(contract):
        seen: dict[tuple[str, str], str] = {}
        for parameter in operation.parameters:
            key = (parameter.location, parameter.name.lower())
            other = seen.setdefault(key, parameter.name)
            if other != parameter.name:
                message = f"{quote(other)} and {quote(parameter.name)} differ only in case"
                yield remark(rule, operation, message, "rename one of them")


def ignored_servers(contract: Contract, rule: Rule) -> Iterator[Remark]:
    """One prefix is served for an api; further servers are not looked at."""
    for api in contract.apis:
        servers = api.document.get("servers") or []
        paths = {_server_path(server) for server in servers[1:]} - {api.base}
        if paths and contract.config.api[api.name].path is None:
            message = f"`{api.name}` is served under `{api.base or '/'}` only"
            hint = "set `path` in `[api.NAME]` if another server is meant"
            source = api.source.at("servers")
            yield Remark(rule=rule, message=message, source=source, hint=hint, subject=api.name)
        for operation in api.operations:
            if _own_servers(api, operation):
                message = f"`{operation.id}` names servers of its own, which are not used"
                hint = "it is served like the others; give it an `[api.NAME]` if it lives elsewhere"
                yield remark(rule, operation, message, hint)


def _covers(wide: str, name: str) -> bool:
    main, _, sub = wide.partition("/")
    if sub != "*":
        return False
    return main in ("*", name.partition("/")[0])


def _is_read(name: str) -> bool:
    return name in _READ or name.startswith("text/") or is_json(name)


def _server_path(server: Any) -> str | None:
    url = server.get("url") if isinstance(server, dict) else None
    if not isinstance(url, str) or "{" in url:
        return None
    path = url.partition("://")[2].partition("/")[2] if "://" in url else url
    return clean_base(f"/{path.lstrip('/')}")


def _own_servers(api: Api, operation: Operation) -> bool:
    item = api.document["paths"].get(operation.path, {})
    value = item.get(operation.method.lower(), {}) if isinstance(item, dict) else {}
    return "servers" in item or (isinstance(value, dict) and "servers" in value)
