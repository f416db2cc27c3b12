"""The vocabulary of a new contract: the scopes that its description asks for, and who has them.

Reads a document that nothing has checked yet: whatever is not as it should be is passed over.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")  # RFC 6749 appendix A.4
_EMPTY = """\
[vocabulary.roles]
admin = []                                # the scopes that come with it: ["bookings:read"]
"""


def named_scopes(document: dict[str, Any]) -> dict[str, str]:
    """Return the scopes that operations ask for, by name, each with what the description says."""
    operations = [one for item in _values(document.get("paths")) for one in _values(item)]
    found: set[str] = set()
    for holder in (document, *operations):
        security = holder.get("security") if isinstance(holder, dict) else None
        for alternative in security if isinstance(security, list) else ():
            for need in _values(alternative):
                found |= {str(scope) for scope in need} if isinstance(need, list) else set()
    said = _said(document)
    return {scope: said.get(scope, scope) for scope in sorted(found) if _SCOPE.match(scope)}


def vocabulary_draft(scopes: dict[str, str]) -> str:
    """Write scopes and the role that has them all, as tables of yett.toml."""
    if not scopes:
        return _EMPTY
    words = "".join(f"{_quoted(name)} = {_quoted(text)}\n" for name, text in scopes.items())
    names = "".join(f"  {_quoted(name)},\n" for name in scopes)
    return f"[vocabulary.scopes]\n{words}\n[vocabulary.roles]\nadmin = [\n{names}]\n"


def _said(document: dict[str, Any]) -> dict[str, str]:
    """Read the meanings of scopes where OAuth flows list them."""
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    flows = [one.get("flows") for one in _values(schemes) if isinstance(one, dict)]
    each = [flow for named in flows for flow in _values(named) if isinstance(flow, dict)]
    lists = [flow["scopes"] for flow in each if isinstance(flow.get("scopes"), dict)]
    pairs = [pair for scopes in lists for pair in scopes.items()]
    return {str(name): str(text) or str(name) for name, text in pairs}


def _values(node: object) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else []


def _quoted(text: str) -> str:
    """Write a TOML basic string, which JSON's are."""
    return json.dumps(text, ensure_ascii=False)
