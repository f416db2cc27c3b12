"""Who is one person: so nobody approves their own request, and nobody votes twice.

A person may show a token, an API key or a service account. Two callers count as one where anything
that names a person is the same; a doubt counts as the same, because that only costs another
approver. The rule is in docs/spec/approval.md section 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from yett.terms import Principal

# Claims that name the person behind an account: OpenID Connect Core s5.1, and what Keycloak, Entra
# and others write; an API key names its owner by `Principal.id`.
NAMING_CLAIMS = ("owner", "email", "preferred_username", "username", "upn")
MAX_ACTORS = 8
PEOPLE = ("user", "key")


class Person(Struct, frozen=True, kw_only=True):
    """Who asked or voted, as the record and the store keep it.

    Args:
        id, issuer, kind, client, credential: as in `Principal`.
        names: everything that names the person, folded, sorted.
    """

    id: str
    issuer: str
    kind: str
    client: str = ""
    credential: str = ""
    names: tuple[str, ...] = ()


def person_of(principal: Principal) -> Person:
    """Say who a principal is."""
    return Person(
        id=principal.id,
        issuer=principal.issuer,
        kind=principal.kind,
        client=principal.client,
        credential=principal.credential,
        names=tuple(sorted({name.casefold() for name in _names(principal)})),
    )


def same(one: Person, two: Person) -> bool:
    """Whether two callers are, or may be, one person.

    The issuer is not compared: `ana@example.com` of a token and of an API key is one person, and
    who is taken for another here only has to ask a third.
    """
    if not set(one.names).isdisjoint(two.names):
        return True
    if one.kind == two.kind == "user":
        return False  # two people use the same application: its client id says nothing
    return bool(one.client) and one.client == two.client


def _names(principal: Principal) -> Iterator[str]:
    yield principal.id
    for claim in NAMING_CLAIMS:
        value = principal.claims.get(claim)
        if isinstance(value, str) and value:
            yield value
    yield from _actors(principal.claims.get("act"))


def _actors(act: Any) -> Iterator[str]:
    """Name who really acts behind a delegated token (RFC 8693 s4.1), and for whom they did."""
    for _ in range(MAX_ACTORS):
        if not isinstance(act, dict):
            return
        for claim in ("sub", *NAMING_CLAIMS):
            value = act.get(claim)
            if isinstance(value, str) and value:
                yield value
        act = act.get("act")
