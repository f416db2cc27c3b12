"""Security Schemes and Requirements: who must prove what (OpenAPI s4.8.27, s4.8.30).

A requirement that names an unknown scheme refuses the contract: read as "nothing needed" it would
open the operation. An empty list on an operation says "anonymous"; at the root it says nothing,
because generators write it there when nobody thought about security.
"""

from __future__ import annotations

from typing import Any

from yett.contract.fitting import did_you_mean
from yett.contract.model import Need, SecurityScheme
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import quote
from yett.contract.rules import OPENAPI_SECURITY

Security = tuple[tuple[Need, ...], ...]

_TYPES = ("apiKey", "http", "mutualTLS", "oauth2", "openIdConnect")
_PLACES = ("cookie", "header", "query")


class SecurityReading:
    """Reads the schemes once, then requirements against them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._schemes: dict[str, SecurityScheme] = {}
        self._faulty: set[str] = set()
        self._read_schemes()
        root = reader.document.get("security", [])
        at = reader.source.at("security")
        self.root = self.requirements(root, at) if root != [] else None

    def requirements(self, value: Any, at: Source) -> Security:
        """Read a list of requirements; an empty one means that nobody needs to prove anything."""
        if not self._reader.expect(value, list, at):
            return ()
        found = [self._alternative(item, at.at(index)) for index, item in enumerate(value)]
        # No alternative left over from a list of faulty ones: nobody gets in, but never everybody.
        return tuple(a for a in found if a is not None) if found else ((),)

    def _alternative(self, value: Any, at: Source) -> tuple[Need, ...] | None:
        if not self._reader.expect(value, dict, at):
            return None
        needs = []
        for name, scopes in value.items():
            scheme = self._schemes.get(name)
            if scheme is None:
                self._unknown(name, at)
                return None
            if not self._reader.expect(scopes, list, at.at(name)):
                return None
            if not all(isinstance(scope, str) for scope in scopes):
                message = f"a scope of {quote(name)} is not a string"
                self._reader.report.add(OPENAPI_SECURITY, message, at.at(name))
                return None
            needs.append(Need(scheme, frozenset(scopes)))
        return tuple(needs)

    def _unknown(self, name: str, at: Source) -> None:
        if name in self._faulty:
            return  # its own mistake has been named
        message = f"the security scheme {quote(name)} is not declared"
        hint = did_you_mean(name, list(self._schemes)) or "declare it in `securitySchemes`"
        if not self._schemes:
            hint = "declare it in `components.securitySchemes`"
        self._reader.report.add(OPENAPI_SECURITY, message, at.at(name), hint=hint)

    def _read_schemes(self) -> None:
        reader = self._reader
        root = reader.source.at("components")
        components = reader.read(reader.document, "components", dict, reader.source, default={})
        schemes = reader.read(components, "securitySchemes", dict, root, default={})
        for name, value in schemes.items():
            followed = reader.follow(value, root.at("securitySchemes", name))
            scheme = self._scheme(name, *followed) if followed is not None else None
            if scheme is None:
                self._faulty.add(name)
            else:
                self._schemes[name] = scheme

    def _scheme(self, name: str, value: dict[str, Any], at: Source) -> SecurityScheme | None:
        report, kind = self._reader.report, value.get("type")
        if kind not in _TYPES:
            message = f"the security scheme {quote(name)} has the type {quote(kind)}"
            hint = did_you_mean(str(kind), list(_TYPES))
            report.add(OPENAPI_SECURITY, message, at.at("type"), hint=hint)
            return None
        if kind == "apiKey":
            return self._api_key(name, value, at)
        if kind == "http":
            scheme = value.get("scheme")
            if not isinstance(scheme, str) or not scheme:
                message = f"the security scheme {quote(name)} has no `scheme`"
                report.add(OPENAPI_SECURITY, message, at, hint="such as `scheme: bearer`")
                return None
            return SecurityScheme(name=name, type=kind, http_scheme=scheme.lower())
        return SecurityScheme(name=name, type=kind)

    def _api_key(self, name: str, value: dict[str, Any], at: Source) -> SecurityScheme | None:
        location, parameter = value.get("in"), value.get("name")
        if location not in _PLACES or not isinstance(parameter, str) or not parameter:
            message = f"the API key scheme {quote(name)} lacks a `name` or a known `in`"
            hint = "such as `in: header` and `name: X-API-Key`"
            self._reader.report.add(OPENAPI_SECURITY, message, at, hint=hint)
            return None
        return SecurityScheme(name=name, type="apiKey", location=location, parameter=parameter)
