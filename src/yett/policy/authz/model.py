"""A guard: what one operation needs to decide records, fields, references and states.

Built by `policy.authz.build`, read by steps 11, 12 and 14. Pointers are tuples of unescaped tokens;
`*` in a pointer to a reference or a field stands for every item of an array or member of an object.
"""

from __future__ import annotations

import enum

from msgspec import Struct

from yett.policy.cedar.model import Slice
from yett.policy.cedar.types import Attribute, Schema

Pointer = tuple[str, ...]


class Place(enum.StrEnum):
    """Where an operation's rules are checked, derived from what they read."""

    NONE = "-"
    BEFORE = "before"  # nothing of the resource but its uid
    BODY = "body"  # a new record: its attributes are those of the request's body
    RESPONSE = "response"  # safe method: decided on what the service answers
    READ = "read-before-write"
    UNCHECKABLE = "not checkable"  # attributes are read that nothing declares; refused


class Located(Struct, frozen=True):
    """Where a record's id is in the request.

    Args:
        where: `path`, `query`, `header`, `cookie` or `body`.
        name: the parameter, empty for `body`.
        pointer: into the body.
    """

    where: str
    name: str = ""
    pointer: Pointer = ()


class Shape(Struct, frozen=True, kw_only=True):
    """How the JSON of a record becomes a Cedar entity.

    Args:
        type: entity type.
        key: where the record's own id is in it.
        attributes: (attribute with its Cedar type, where it is), pointers relative to the record.
    """

    type: str
    key: Pointer
    attributes: tuple[tuple[Attribute, Pointer], ...]


class Read(Struct, frozen=True, kw_only=True):
    """How one record is read from the service.

    Args:
        operation: id of the reading operation; its action decides who may see the record.
        upstream: name of the upstream.
        path: pieces of the target in order: literals (already percent-encoded), None where the
            record's id goes, and places in the request for other parameters of the template.
        pointer: where the record is in the answer.
        shape: its shape there.
        slice: the reading operation's slice, for references and learned ids.
    """

    operation: str
    upstream: str
    path: tuple[str | Located | None, ...]
    pointer: Pointer
    shape: Shape
    slice: Slice | None = None


class Listing(Struct, frozen=True, kw_only=True):
    """An answer with many records.

    Args:
        items: where the array is.
        totals: numbers that count the items and are lowered by what was filtered out.
        strict: refuse the whole answer when one item is denied.
    """

    items: Pointer
    totals: tuple[Pointer, ...] = ()
    strict: bool = False


class Referred(Struct, frozen=True, kw_only=True):
    """An id in the request that names another record: the caller must be allowed to read it."""

    located: Located
    read: Read


class Fields(Struct, frozen=True, kw_only=True):
    """Properties of one class, and the rules on it.

    Args:
        name: the class, such as `pii`.
        slice: rules of the action `operation:class`.
        pointers: where such properties are, relative to the record.
        hidden: what a denied reader gets: `drop`, `null` or `mask`.
        blind: the rules read of the record what the answer does not show: only the record as it
            was read before a write can tell.
        lost: the rules ask of third entities what nobody can tell: nobody sees or writes these.
    """

    name: str
    slice: Slice
    pointers: tuple[Pointer, ...]
    hidden: str = "drop"
    blind: bool = False
    lost: bool = False


class Machine(Struct, frozen=True, kw_only=True):
    """The states of a record type and what moves it.

    Args:
        type: the entity type; `attribute` holds the state.
        initial: states that a new record may be in.
        moves: operation id -> (states it may start from, state it ends in or empty when it stays).
    """

    type: str
    attribute: str
    initial: tuple[str, ...]
    moves: dict[str, tuple[tuple[str, ...], str]]


class Guard(Struct, frozen=True, kw_only=True):
    """What one operation needs; None in the operation's policy when there is nothing to check.

    Args:
        slice: the rules of the operation's own action; None when scopes alone decide.
        place: where they are checked.
        type: the resource's entity type (`Api` when the operation is about no record).
        located: where its id is in the request; None for lists and new records.
        shape: how its JSON becomes an entity; in an answer at `pointer`.
        listing: the answer has many of them.
        read: how to read it before a write.
        references: ids of others in the request.
        written: field classes of the request; `shown`: of the answer.
        enrich: the rules read an attribute of the principal that the service must be asked for.
        machine: the machine of `type`, None when it has none.
        state: where the request's own body sets the state (`PATCH {status}`); None when it cannot.
        returns: the answer is the record; of a write it may be something else.
        learns: ids in the answer are remembered as seen by the principal.
        closed: an id that was never seen by the principal is refused, not only observed.
        hides: missing and forbidden answer alike: 404.
    """

    slice: Slice | None
    place: Place
    type: str
    located: Located | None = None
    shape: Shape | None = None
    pointer: Pointer = ()
    listing: Listing | None = None
    read: Read | None = None
    references: tuple[Referred, ...] = ()
    written: tuple[Fields, ...] = ()
    shown: tuple[Fields, ...] = ()
    enrich: bool = False
    machine: Machine | None = None
    state: Pointer | None = None
    returns: bool = True
    learns: bool = False
    closed: bool = False
    hides: bool = False


class Enrichment(Struct, frozen=True, kw_only=True):
    """Attributes of the principal that an operation of the service knows (`principal.enrich`).

    Only people (`Principal.kind` user) have them: the service is asked with their own credential.

    Args:
        read: the operation; its path has no parameter.
        attributes: (attribute, where it is in the answer).
        seconds: how long an answer is good for one credential.
    """

    read: Read
    attributes: tuple[tuple[Attribute, Pointer], ...]
    seconds: float


class Identity(Struct, frozen=True, kw_only=True):
    """How a verified principal becomes a Cedar entity.

    Args:
        types: `Principal.kind` -> entity type.
        claim: the claim whose value is the entity's id; empty for `Principal.id`.
        namespaces: issuer -> prefix of the id, so that two issuers' `1` are two.
        certified: services that are known by their certificates; `strangers` (issuers outside)
            vouch for none of them.
        attributes: (attribute, claim it is read from).
        enrichment: None when nothing is asked for.
        roles: the vocabulary: role -> scopes.
    """

    types: dict[str, str]
    claim: str = ""
    namespaces: dict[str, str] = {}
    certified: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    attributes: tuple[tuple[Attribute, str], ...] = ()
    enrichment: Enrichment | None = None
    roles: dict[str, frozenset[str]] = {}


class Authz(Struct, frozen=True, kw_only=True):
    """Authorization of the whole contract.

    Args:
        schema: the Cedar schema.
        text: it as Cedar text, for `cedarpy`, `yett diff` and editors.
        policies: the Cedar text of all rules, with generated ones, in order.
        slices: action -> rules.
        guards: operation id -> guard.
        identity: principals.
        engine: `compiled`, `cedar` or `both`.
        sample: one of so many decisions is compared with cedarpy off the path; 0 for none.
    """

    schema: Schema
    text: str
    policies: str
    slices: dict[str, Slice]
    guards: dict[str, Guard]
    identity: Identity
    engine: str = "compiled"
    sample: int = 1000
