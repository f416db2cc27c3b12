"""What Entra and Okta send beside the specification, put as the specification would have it.

Only shapes whose meaning is plain; the library takes care of the rest (capitalised operations,
truth values as strings, removing by value). And what nobody may change here is refused in words,
so that a directory does not believe that it set a password or a role.
"""

from __future__ import annotations

from typing import Any

from yett.issuer.scim.errors import ScimError

Operation = dict[str, Any]

# Okta repeats the id beside what changes; Entra sends whole resources (RFC 7643 s3.1: ignored).
_IGNORED = ("id", "schemas", "meta")
FORBIDDEN = ("password", "roles", "entitlements", "x509certificates", "groups")


def plain_operations(operations: list[Operation]) -> list[Operation]:
    """Return operations as RFC 7644 s3.5.2 has them.

    Raises:
        ScimError: one of them changes what no directory may.
    """
    found = []
    for one in operations:
        path, value = one.get("path"), one.get("value")
        if path is None and isinstance(value, dict):
            value = {name: _manager(name, item) for name, item in value.items() if _counts(name)}
        for name in (path,) if path is not None else _names(value):
            _refuse(name)
        made = {**one, "value": _manager(path or "", value)} if "value" in one else dict(one)
        found.append(made)
    return found


def _counts(name: str) -> bool:
    return name.lower() not in _IGNORED


def _names(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, dict) else ()


def _refuse(name: str) -> None:
    first = name.rpartition(":")[2].partition(".")[0].partition("[")[0].strip().lower()
    # `urn:...:User:roles[type eq "a:b"]`: what is before the bracket counts.
    early = name.partition("[")[0].rpartition(":")[2].partition(".")[0].strip().lower()
    for one in (first, early):
        if one in FORBIDDEN:
            raise ScimError(400, f"`{one}` is not a directory's to change", "mutability")


def _manager(name: str, value: Any) -> Any:
    """Take a manager's id for a manager: Entra sends the id alone."""
    last = name.rpartition(":")[2].lower()
    if last == "manager" and isinstance(value, str):
        return {"value": value}
    if isinstance(value, dict) and name.lower().endswith(":enterprise:2.0:user"):
        return {key: _manager(key, item) for key, item in value.items()}
    return value
