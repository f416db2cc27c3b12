"""Who is not accepted any more, although the credential is genuine: a small file, read again.

Revocation names a subject, client, session, token id or API key, with an optional cut-off: what was
issued before it is refused, what is issued after is good. It never names the text of a token: one
valid token has several spellings (notes/identity 0.4). Format: docs/concepts/credentials.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from yett.state.errors import StateError
from yett.terms import Principal

Kind = Literal["sub", "client", "sid", "jti", "key"]


class Revocation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of the file.

    Args:
        kind: what `value` is.
        value: the identifier.
        issuer: only what this issuer vouched for; any when empty.
        before: unix seconds; only what was issued before, everything when None.
        reason: for people.
    """

    kind: Kind
    value: Annotated[str, Meta(min_length=1)]
    issuer: str = ""
    before: float | None = None
    reason: str = ""


class RevokedFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: `{"revoked": [...]}`."""

    revoked: tuple[Revocation, ...] = ()


class Revocations:
    """The revocations in force, by kind and value."""

    __slots__ = ("_by_name",)

    def __init__(self, revoked: tuple[Revocation, ...] = ()) -> None:
        found: dict[tuple[str, str], list[Revocation]] = {}
        for one in revoked:
            found.setdefault((one.kind, one.value), []).append(one)
        self._by_name = found

    def __len__(self) -> int:
        """Count names."""
        return len(self._by_name)

    def covers(self, principal: Principal) -> bool:
        """Whether this principal or its credential is revoked."""
        by_name = self._by_name
        if not by_name:
            return False
        for name in _names(principal):
            if any(_applies(one, principal) for one in by_name.get(name, ())):
                return True
        return False


def read_revocations(raw: bytes) -> Revocations:
    """Read the file.

    Raises:
        StateError: it is not what it should be.
    """
    try:
        return Revocations(msgspec.json.decode(raw, type=RevokedFile).revoked)
    except msgspec.DecodeError as error:
        raise StateError(f"is not a list of revocations: {error}") from error


def _names(principal: Principal) -> tuple[tuple[str, str], ...]:
    kind = "key" if principal.scheme == "api_key" else "jti"
    return (
        ("sub", principal.id),
        ("client", principal.client),
        ("sid", str(principal.claims.get("sid", ""))),
        (kind, principal.credential),
    )


def _applies(one: Revocation, principal: Principal) -> bool:
    if one.issuer and one.issuer != principal.issuer:
        return False
    # A credential that does not say when it was issued is older than every cut-off.
    return one.before is None or principal.claims.get("iat", 0) < one.before
