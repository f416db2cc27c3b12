"""Changes of a group are applied in their order, on sets, in time that thousands do not change."""

from __future__ import annotations

import time

import pytest

from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.membership import Wanted, ids_of, patched
from yett.issuer.scim.models import GROUP

HELD = Wanted(name="Clerks", external="e", members=frozenset(("u_a", "u_b")))


def op(name, path=None, **value):
    return {"op": name, **({"path": path} if path else {}), **value}


def listed(*ids):
    return [{"value": id_} for id_ in ids]


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        (op("add", "members", value=listed("u_c", "u_a")), "abc"),
        (op("add", "Members", value={"VALUE": "u_c"}), "abc"),
        (op("add", f"{GROUP}:members", value=listed("u_c")), "abc"),
        (op("add", value={"members": listed("u_c")}), "abc"),
        (op("replace", "members", value=listed("u_c")), "c"),
        (op("replace", "members", value=None), ""),
        (op("remove", "members"), ""),
        (op("remove", "members", value=listed("u_a", "u_z")), "b"),
        (op("remove", 'members[value eq "u_a"]'), "b"),
        (op("remove", 'members[Value Eq "u_a" or value eq "u_b"]'), ""),
        (op("remove", 'members[value eq "u_z"]'), "ab"),
        (op("add", "unknown", value="x"), "ab"),
    ],
)
def test_members_come_and_go(operation, members):
    """By list, by object, by a selection; what groups do not have changes nothing."""
    assert patched(HELD, [operation]).members == {f"u_{letter}" for letter in members}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (op("move", "members"), "invalidValue"),
        (op("add", "members"), "invalidValue"),
        (op("add", value="x"), "invalidValue"),
        (op("remove"), "noTarget"),
        (op("add", "displayName", value=5), "invalidValue"),
        (op("replace", "id", value="g_x"), "mutability"),
        (op("replace", 'members[value eq "u_a"].display', value="x"), "mutability"),
        (op("remove", 'members[display eq "u_a"]'), "invalidPath"),
        (op("remove", 'members[value sw "u"]'), "invalidPath"),
        (op("remove", 'members[not (value eq "u_a")]'), "invalidPath"),
        (op("remove", 'members[value eq "u_a" and value eq "u_b"]'), "invalidPath"),
    ],
)
def test_what_means_nothing_is_refused(operation, kind):
    """With the kind of RFC 7644 s3.12; a selection that could mean more than it says, too."""
    with pytest.raises(ScimError) as error:
        patched(HELD, [operation])
    assert error.value.kind == kind


def test_names_change_too():
    """Name and the directory's id; the latter can be taken away."""
    done = patched(
        HELD,
        [op("replace", value={"displayName": "Cashiers"}), op("remove", "externalId")],
    )
    assert (done.name, done.external, done.members) == ("Cashiers", "", HELD.members)


def test_thousands_are_no_matter():
    """A hundred selections of five thousand members end at once."""
    many = Wanted(name="x", members=frozenset(f"u_{number}" for number in range(5000)))
    operations = [op("remove", f'members[value eq "u_{number}"]') for number in range(100)]
    begun = time.perf_counter()
    assert len(patched(many, operations).members) == 4900
    assert time.perf_counter() - begun < 5  # the library alone: 10.7 s


def test_ids_are_text():
    """Anything else is no member."""
    assert ids_of(listed("a", "a", "b")) == {"a", "b"}
    for value in ([], [None], [{"value": ["a"]}], 5):
        if value:
            with pytest.raises(ScimError):
                ids_of(value)
