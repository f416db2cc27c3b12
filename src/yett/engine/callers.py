"""A caller as a Cedar entity: its name, its roles, and what its token and the service say of it.

Every value is typed by `values.read_value`, never guessed at. Who cannot be made into an entity is
nobody: a required attribute is absent, any is of another type, or the name is in the namespace of
another issuer. Cedar reference, "Entities".
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.credentials.claims import find_claim
from yett.engine.pointing import MISSING, pointed, text_of
from yett.policy.authz.model import Identity, Pointer
from yett.policy.authz.names import ROLE
from yett.policy.cedar.json_in import read_value
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.types import Attribute, Type
from yett.policy.cedar.values import ValueMismatch, make_set
from yett.terms import Principal

NOBODY = "anonymous"


class Unjudged(Struct, frozen=True):
    """Why a principal cannot be made into an entity; `entity` stands for it and is nobody."""

    reason: str


def make_subject(
    principal: Principal, identity: Identity, enriched: dict[str, Value]
) -> Entity | Unjudged:
    """Make a principal into an entity.

    Args:
        principal: as its credential proved it.
        identity: the contract's mapping.
        enriched: what the service said of it, as Cedar values.
    """
    type_ = identity.types.get(principal.kind)
    if type_ is None:
        return Unjudged(f"the contract knows no principal of kind `{principal.kind}`")
    named = _name(principal, identity)
    if isinstance(named, Unjudged):
        return named
    claims = _claims(principal, identity)
    if isinstance(claims, Unjudged):
        return claims
    roles, scopes = principal.roles, principal.scopes
    for role in roles:
        scopes |= identity.roles.get(role, _NO_SCOPES)
    # What yett verified itself stands over claims of the same name, those over the service's word.
    attrs: dict[str, Value] = {
        **enriched,
        **claims,
        "id": named,
        "issuer": principal.issuer,
        "scopes": texts_of(scopes),
        "roles": texts_of(roles),
    }
    if principal.client:
        attrs["client"] = principal.client
    if principal.tenant:
        attrs["tenant"] = principal.tenant
    # `Role` is an enumerated type: a role that the vocabulary has not is no entity.
    known = roles & identity.roles.keys()
    groups = frozenset([Uid(ROLE, role) for role in known]) if known else _NO_GROUPS
    return Entity(Uid(type_, named), attrs, groups)


def typed_attributes(
    attributes: tuple[tuple[Attribute, Pointer], ...], value: Any
) -> dict[str, Value] | Unjudged:
    """Read attributes of the principal from JSON; null and absent are the same."""
    found: dict[str, Value] = {}
    for attribute, pointer in attributes:
        reason = _take(found, attribute, pointed(value, pointer))
        if reason is not None:
            return reason
    return found


def texts_of(values: Any) -> Value:
    """Make a set of strings; what is none is left out."""
    return make_set([value for value in values if type(value) is str]) if values else NO_TEXTS


def typed_value(type_: Type, value: Any) -> Value:
    """Read a value of a type; MISSING when it is not of it."""
    try:
        return read_value(type_, value)
    except ValueMismatch:
        return MISSING


def _name(principal: Principal, identity: Identity) -> str | Unjudged:
    if principal.kind == "anonymous":
        return NOBODY
    given: Any = principal.id
    # An API key or a certificate carries no claims; its owner, or service, is its name.
    if identity.claim and principal.scheme not in _WITHOUT_CLAIMS and principal.kind != "key":
        given = find_claim(principal.claims, identity.claim)
    text = text_of(given)
    if text is None:
        return Unjudged(f"the claim `{identity.claim or 'sub'}` names nobody")
    own = identity.namespaces.get(principal.issuer, "")
    name = own + text
    for other in identity.namespaces.values():
        # One issuer's `partner:1` must not be the `1` of the issuer whose prefix is `partner:`.
        if len(other) > len(own) and name.startswith(other):
            return Unjudged("the name of the principal is in the namespace of another issuer")
    if (
        principal.kind == "service"
        and name in identity.certified
        and principal.issuer in identity.strangers
    ):
        # Whoever registers a client `billing` there must not be the service of that certificate.
        return Unjudged("the name of the principal is that of a service with a certificate")
    return name


def _claims(principal: Principal, identity: Identity) -> dict[str, Value] | Unjudged:
    if principal.kind not in _HAVE_CLAIMS or principal.scheme in _WITHOUT_CLAIMS:
        return _NO_CLAIMS
    found: dict[str, Value] = {}
    for attribute, claim in identity.attributes:
        reason = _take(found, attribute, find_claim(principal.claims, claim))
        if reason is not None:
            return reason
    return found


def _take(found: dict[str, Value], attribute: Attribute, given: Any) -> Unjudged | None:
    if given is None or given is MISSING:
        if attribute.required:
            return Unjudged(f"the principal's attribute `{attribute.name}` is absent")
        return None
    typed = typed_value(attribute.type, given)
    if typed is MISSING:
        return Unjudged(f"the principal's attribute `{attribute.name}` is of another type")
    found[attribute.name] = typed
    return None


NO_TEXTS = make_set(())
_NO_GROUPS: frozenset[Uid] = frozenset()
_NO_SCOPES: frozenset[str] = frozenset()
_NO_CLAIMS: dict[str, Value] = {}
_HAVE_CLAIMS = frozenset(("user", "service"))
_WITHOUT_CLAIMS = frozenset(("api_key", "certificate"))
