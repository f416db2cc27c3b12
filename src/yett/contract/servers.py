"""`servers`: the path prefix an API is served under (OpenAPI s4.8.5, s4.8.6).

Only the path counts: the host is the upstream's business and comes from `yett.toml`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import quote
from yett.contract.rules import OPENAPI_SERVER

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_BASE = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*\Z")


def read_base(reader: Reader) -> str:
    """Return the prefix of the first server, `""` when there is none."""
    servers = reader.read(reader.document, "servers", list, reader.source, default=[])
    if not servers:
        return ""
    at = reader.source.at("servers", 0)
    base = server_base(servers[0], at, reader)
    if base is None:
        message = "no path prefix can be told from the first of `servers`"
        hint = 'set `path` in `[api.NAME]` of yett.toml, such as path = "/v2"'
        reader.report.add(OPENAPI_SERVER, message, at, hint=hint)
        return ""
    return base


def server_base(server: Any, at: Source, reader: Reader) -> str | None:
    """Return the prefix of one Server Object, its variables replaced by their defaults."""
    if not reader.expect(server, dict, at):
        return None
    url = reader.read(server, "url", str, at, default="/")
    variables = reader.read(server, "variables", dict, at, default={})
    for name in _VARIABLE.findall(url):
        variable = variables.get(name)
        default = variable.get("default") if isinstance(variable, dict) else None
        if not isinstance(default, str):
            message = f"the variable `{{{name[:60]}}}` of {quote(url)} has no default"
            reader.report.add(OPENAPI_SERVER, message, at.at("url"))
            return ""
        url = url.replace(f"{{{name}}}", default)
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    return clean_base(path)


def clean_base(path: str) -> str | None:
    """Return a prefix without its trailing slash, None when it has more than one reading."""
    base = path.rstrip("/")
    if base and not base.startswith("/"):
        base = f"/{base}"
    dots = any(part in (".", "..") for part in base.split("/"))
    return base if _BASE.match(base) and not dots else None
