"""What a user and a group are here: the attributes of RFC 7643 that are kept, and no others.

A smaller schema than the core's, and published as such: no password, entitlements or certificates,
which nobody may send here, and roles that can be read alone.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field
from scim2_models import (
    URN,
    Address,
    CaseExact,
    ComplexAttribute,
    Extension,
    GroupMembership,
    Mutability,
    Name,
    PhoneNumber,
    Reference,
    Required,
    Resource,
    ScimPolicy,
    Uniqueness,
)
from scim2_models.resources.resource import AnyExtension

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# What the peers of this world send beyond the specification: attributes that we do not keep are
# dropped; Entra removes by `value`, and replaces values that are not there yet.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Email(ComplexAttribute):
    """An address; shown and searched, and never a reason to sign anybody in."""

    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class Role(ComplexAttribute):
    """A role that somebody has here."""

    value: Annotated[str | None, Mutability.read_only] = None


class User(Resource[AnyExtension]):
    """A user (RFC 7643 s4.1)."""

    __schema__ = URN(USER)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    Name: ClassVar[type[ComplexAttribute]] = Name
    display_name: str | None = None
    nick_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    Emails: ClassVar[type[ComplexAttribute]] = Email
    phone_numbers: list[PhoneNumber] | None = None
    PhoneNumbers: ClassVar[type[ComplexAttribute]] = PhoneNumber
    addresses: list[Address] | None = None
    Addresses: ClassVar[type[ComplexAttribute]] = Address
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None
    Groups: ClassVar[type[ComplexAttribute]] = GroupMembership
    roles: Annotated[list[Role] | None, Mutability.read_only] = None
    Roles: ClassVar[type[ComplexAttribute]] = Role


class Manager(ComplexAttribute):
    """Who somebody reports to; an id of the directory's, which is not looked up."""

    value: Annotated[str | None, CaseExact.true] = None
    display_name: str | None = None


class EnterpriseUser(Extension):
    """What companies add to a user (RFC 7643 s4.3)."""

    __schema__ = URN(ENTERPRISE)

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None
    Manager: ClassVar[type[ComplexAttribute]] = Manager


class GroupMember(ComplexAttribute):
    """Somebody in a group; groups are in no groups here."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None
    ref: Annotated[Reference[User[Any]] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group (RFC 7643 s4.2)."""

    __schema__ = URN(GROUP)

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: list[GroupMember] | None = None
    Members: ClassVar[type[ComplexAttribute]] = GroupMember


Person = User[EnterpriseUser]
