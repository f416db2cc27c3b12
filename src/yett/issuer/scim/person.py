"""A person as a SCIM user and as a row: what of one becomes what of the other.

The row has what yett itself needs: login name, e-mail, name, status. All else that a directory says
is kept in the profile as it was said, bounded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.issuer.scim.answers import place, version
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.models import Person
from yett.issuer.scim.reading import MAX_VALUES
from yett.issuer.server import Server
from yett.state.accounts.groups import groups_of
from yett.state.accounts.users import DISABLED, User, fold_login
from yett.state.errors import StateError

KEPT = "scim"  # its place in the profile
MAX_PROFILE_BYTES = 16 * 1024
_NOT_KEPT = ("schemas", "id", "meta", "externalId", "active", "groups", "roles")


def as_person(server: Server, tx: Connection, user: User) -> Any:
    """Write an account as a SCIM user."""
    said = user.profile.get(KEPT) or _unsaid(user)
    name = said.get("userName", "")
    groups = [
        {"value": one.id, "$ref": place(server, f"/Groups/{one.id}"), "display": one.name}
        for one in groups_of(tx, user.id)
    ]
    return Person.model_validate(
        {
            **said,
            "id": user.id,
            "externalId": user.external or None,
            "userName": name if _folded(name) == user.login else user.login,
            "active": user.status != DISABLED,
            "groups": groups or None,
            "roles": [{"value": role} for role in user.roles] or None,
            "meta": {
                "resourceType": "User",
                "created": moment(user.created),
                "lastModified": moment(user.changed),
                "location": place(server, f"/Users/{user.id}"),
                "version": version(user.etag),
            },
        }
    )


def columns_of(person: Any, profile: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a row that a SCIM user says; not its status.

    Args:
        person: what is to be.
        profile: of the row as it was.

    Raises:
        ScimError: a login name that cannot be, or more than is kept.
    """
    said: dict[str, Any] = person.model_dump()
    kept = {name: value for name, value in said.items() if name not in _NOT_KEPT}
    if any(isinstance(one, list) and len(one) > MAX_VALUES for one in kept.values()):
        raise ScimError(400, f"an attribute has {MAX_VALUES} values at most", "invalidValue")
    if len(msgspec.json.encode(kept)) > MAX_PROFILE_BYTES:
        raise ScimError(400, f"a user has {MAX_PROFILE_BYTES} bytes at most", "invalidValue")
    return {
        "login": _login(person.user_name),
        "external": person.external_id or "",
        "email": _email(person),
        "name": _name(person),
        "profile": {**profile, KEPT: kept},
    }


def moment(seconds: float) -> str:
    """Write a time as SCIM does (RFC 7643 s2.3.5)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _unsaid(user: User) -> dict[str, Any]:
    """Return what is known of somebody whom no directory made."""
    emails = [{"value": user.email, "primary": True}] if user.email else None
    return {"userName": user.login, "displayName": user.name or None, "emails": emails}


def _login(name: str | None) -> str:
    try:
        return fold_login(name or "")
    except StateError as error:
        raise ScimError(400, f"`userName`: {error}", "invalidValue") from None


def _folded(name: str) -> str:
    try:
        return fold_login(name)
    except StateError:
        return ""


def _email(person: Any) -> str:
    values = [one for one in person.emails or () if one.value]
    first = next((one for one in values if one.primary), values[0] if values else None)
    return str(first.value) if first is not None else ""


def _name(person: Any) -> str:
    if person.display_name:
        return str(person.display_name)
    parts = person.name
    if parts is None:
        return ""
    whole = parts.formatted or " ".join(filter(None, (parts.given_name, parts.family_name)))
    return str(whole)
