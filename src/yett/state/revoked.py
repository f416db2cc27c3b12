"""Who is not accepted any more, although the credential is genuine: what `Revocations` covers.

Revocation names a subject, client, session, token id, API key, signing key or grant, with an
optional cut-off: what was issued before it is refused, what is issued after is good. It never names
the text of a token: one valid token has several spellings (notes/identity 0.4). They come from a
file that people write (docs/concepts/revocation.md) and from the store (`revocation_feed`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from yett.state.errors import StateError
from yett.terms import Principal

Kind = Literal["sub", "client", "sid", "jti", "key", "kid", "grant"]


class Revocation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of the file, or one row of the store.

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
    """The revocations in force, by value.

    One thread may add and discard while others ask: each change is one assignment. `by_value` is
    empty where nothing is revoked, which a caller in a hurry may look at.
    """

    __slots__ = ("by_value",)

    def __init__(self, revoked: tuple[Revocation, ...] = ()) -> None:
        self.by_value: dict[str, tuple[Revocation, ...]] = {}
        for one in revoked:
            self.add(one)

    def __len__(self) -> int:
        """Count the values that are named."""
        return len(self.by_value)

    def add(self, one: Revocation) -> None:
        """Have one more in force."""
        self.by_value[one.value] = (*self.by_value.get(one.value, ()), one)

    def discard(self, one: Revocation) -> None:
        """Have one less in force; another of the same value stays."""
        held = list(self.by_value.get(one.value, ()))
        if one in held:
            held.remove(one)
        if held:
            self.by_value[one.value] = tuple(held)
        else:
            self.by_value.pop(one.value, None)

    def covers(self, principal: Principal) -> bool:
        """Whether this principal or its credential is revoked; 0.2 us where anybody is."""
        held = self.by_value
        if not held:
            return False
        claims = principal.claims
        # Written out, on every request: a loop over the names takes five times as long.
        if not (
            principal.id in held
            or principal.credential in held
            or principal.client in held
            or principal.kid in held
            or _text(claims.get("sid", "")) in held
            or _text(claims.get("grant", "")) in held
        ):
            return False
        return self.of(principal) is not None

    def of(self, principal: Principal) -> Revocation | None:
        """Return one that covers this principal, for people; None when none does."""
        found = (
            one
            for kind, value in _names(principal)
            for one in self.by_value.get(value, ())
            if one.kind == kind and _applies(one, principal)
        )
        return next(found, None)


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
        ("sid", _text(principal.claims.get("sid", ""))),
        ("grant", _text(principal.claims.get("grant", ""))),
        (kind, principal.credential),
        ("kid", principal.kid),
    )


def _text(value: object) -> str:
    """A claim that is no text is compared as text; what cannot be hashed would be an error."""
    return value if value.__class__ is str else str(value)


def _applies(one: Revocation, principal: Principal) -> bool:
    if one.issuer and one.issuer != principal.issuer:
        return False
    # A credential that does not say when it was issued is older than every cut-off.
    return one.before is None or principal.claims.get("iat", 0) < one.before
