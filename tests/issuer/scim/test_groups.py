"""Groups kept by a directory: who is in them, and the roles that follow."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.directory import GROUP, Directory, scim_lives

from yett.issuer.lifecycle.roles import set_group_roles
from yett.issuer.people import set_roles
from yett.issuer.scim import groups as module
from yett.state.accounts.groups import find_group, members_of
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.users import find_user


def carry(lives, group, *roles):
    """What an operator does: give a group roles."""
    lives.write(
        lambda tx: set_group_roles(
            lives.server, tx, find_group(tx, group["id"]), roles, by="cli:root"
        )
    )


def roles_of(lives, id_):
    return lives.read(lambda tx: find_user(tx, id_)).roles


def cut(lives, id_):
    rows = lives.read(lambda tx: in_force(tx, NOW))
    return [one.before for one in rows if (one.kind, one.value) == ("sub", id_)]


def member(op, *ids):
    return {"op": op, "path": "members", "value": [{"value": id_} for id_ in ids]}


def test_a_group_is_kept_as_it_was_said(directory):
    """With its members, its place and version; a name is one group's."""
    ben = directory.add("ben")
    made = directory.group("Clerks", ben["id"])
    path = f"/Groups/{made['id']}"
    status, read, headers = directory.ask("GET", path)
    assert (status, read) == (200, made)
    assert headers["etag"] == made["meta"]["version"]
    (one,) = made["members"]
    assert one["value"] == ben["id"]
    assert one["$ref"] == ben["meta"]["location"]
    _, user, _ = directory.ask("GET", f"/Users/{ben['id']}")
    assert user["groups"][0]["value"] == made["id"]
    body = {"schemas": [GROUP], "displayName": "CLERKS"}
    status, said, _ = directory.ask("POST", "/Groups", body)
    assert (status, said["scimType"]) == (409, "uniqueness")
    _, bare, _ = directory.ask("GET", path, excludedAttributes="members")
    assert "members" not in bare
    assert bare["displayName"] == "Clerks"
    _, only, _ = directory.ask("GET", path, attributes="members.value")
    assert only["members"] == [{"value": ben["id"]}]


def test_entra_keeps_members(directory):
    """Its shapes, from its public documentation by memory: look, add one, ask, remove by value."""
    ben, eve = directory.add("ben"), directory.add("eve")
    made = directory.group("Clerks")
    path = f"/Groups/{made['id']}"
    found = directory.find("/Groups", 'displayName eq "clerks"', excludedAttributes="members")
    assert [one["id"] for one in found] == [made["id"]]
    assert directory.patch(path, member("Add", ben["id"]), member("Add", eve["id"]))[0] == 200
    asked = f'id eq "{made["id"]}" and members eq "{ben["id"]}"'
    assert directory.find("/Groups", asked, attributes="id")
    assert directory.find("/Groups", f'members[value eq "{ben["id"]}"]')
    assert directory.patch(path, member("Remove", ben["id"]))[0] == 200
    assert not directory.find("/Groups", asked)
    rename = {"op": "Replace", "path": "displayName", "value": "Cashiers"}
    assert directory.patch(path, rename)[1]["displayName"] == "Cashiers"
    assert directory.ask("DELETE", path)[0] == 204
    assert directory.ask("GET", path)[0] == 404


def test_okta_keeps_members(directory):
    """Its shapes, by memory: the id beside the name, a selected member, all at once by PUT."""
    ben, eve = directory.add("ben"), directory.add("eve")
    made = directory.group("Clerks", ben["id"])
    path = f"/Groups/{made['id']}"
    rename = {"op": "replace", "value": {"id": made["id"], "displayName": "Cashiers"}}
    assert directory.patch(path, rename)[1]["displayName"] == "Cashiers"
    gone = {"op": "remove", "path": f'members[value eq "{ben["id"]}"]'}
    shown = {"value": eve["id"], "display": "eve@example.com"}
    _, changed, _ = directory.patch(path, gone, {"op": "add", "path": "members", "value": [shown]})
    assert [one["value"] for one in changed["members"]] == [eve["id"]]
    whole = {"schemas": [GROUP], "displayName": "Clerks", "members": [{"value": ben["id"]}]}
    _, changed, _ = directory.ask("PUT", path, whole)
    assert [one["value"] for one in changed["members"]] == [ben["id"]]
    assert (
        "members" not in directory.patch(path, {"op": "replace", "path": "members", "value": []})[1]
    )


def test_roles_follow_the_groups(lives, directory):
    """Who comes has the group's roles; who goes loses them, and every token that carries them."""
    ben = directory.add("ben")
    clerks, managers = directory.group("Clerks", ben["id"]), directory.group("Managers", ben["id"])
    assert roles_of(lives, ben["id"]) == ()
    carry(lives, clerks, "clerk")
    carry(lives, managers, "manager", "clerk")
    assert set(roles_of(lives, ben["id"])) == {"clerk", "manager"}
    assert cut(lives, ben["id"]) == []
    lives.now += 5
    assert directory.patch(f"/Groups/{managers['id']}", member("remove", ben["id"]))[0] == 200
    assert roles_of(lives, ben["id"]) == ("clerk",), "the other group carries it, too"
    assert cut(lives, ben["id"]) == [lives.now + 0.001]
    assert directory.ask("DELETE", f"/Groups/{clerks['id']}")[0] == 204
    assert roles_of(lives, ben["id"]) == ()
    kinds = [event.kind for _, event in lives.read(untold)]
    assert kinds.count("roles-changed") == 4
    assert {"group-made", "group-changed", "group-deleted"} <= set(kinds)


def test_roles_of_an_operator_stay(lives, directory):
    """What was given by hand is kept when a group is left; what came by a group is not taken by hand."""
    ben = lives.person("ben", roles=("clerk",))
    group = directory.group("Clerks", ben.id)
    carry(lives, group, "clerk", "manager")
    assert set(roles_of(lives, ben.id)) == {"clerk", "manager"}
    with pytest.raises(Exception, match="has the role `manager` by a group"):
        lives.write(
            lambda tx: set_roles(lives.server, tx, find_user(tx, ben.id), ("clerk",), by="cli:root")
        )
    directory.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert roles_of(lives, ben.id) == ("clerk",)


def test_no_group_makes_an_administrator(lives, directory):
    """Not by its name, not by an operator's slip, and none changes what an administrator may do."""
    ben = directory.add("ben")
    group = directory.group("admin", ben["id"])
    with pytest.raises(Exception, match="no group carries the role `admin`"):
        carry(lives, group, "admin")
    assert roles_of(lives, ben["id"]) == ()
    boss = lives.person("bob", roles=("admin",))
    carry(lives, group, "clerk")
    directory.patch(f"/Groups/{group['id']}", member("add", boss.id))
    directory.patch(f"/Groups/{group['id']}", member("remove", boss.id))
    assert roles_of(lives, boss.id) == ("admin",)
    assert cut(lives, boss.id) == []


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "roles", "value": ["manager"]},
        {"op": "replace", "value": {"roles": ["manager"]}},
        {"op": "replace", "path": f"{GROUP}:roles", "value": ["manager"]},
        {"op": "add", "path": "entitlements", "value": ["manager"]},
        {"op": "replace", "path": "id", "value": "g_other"},
    ],
)
def test_a_group_gets_no_roles_here(lives, directory, operation):
    """Roles are an operator's to give, whatever a directory says."""
    made = directory.group("Clerks")
    status, body, _ = directory.patch(f"/Groups/{made['id']}", operation)
    assert (status, body["scimType"]) == (400, "mutability")
    whole = {"schemas": [GROUP], "displayName": "Clerks", "roles": ["manager"]}
    assert directory.ask("PUT", f"/Groups/{made['id']}", whole)[0] == 200
    assert lives.read(lambda tx: find_group(tx, made["id"])).roles == ()


@pytest.mark.parametrize(
    "value",
    [[{"value": "u_nobody"}], [{"value": ""}], [{}], ["u_x"], "u_x", [{"value": 5}], [[]]],
)
def test_a_member_is_a_user_that_is_here(lives, directory, value):
    """No strangers, no groups in groups, no deleted people; then nobody is added."""
    ben, other = directory.add("ben"), directory.group("Others")
    made = directory.group("Clerks")
    directory.ask("DELETE", f"/Users/{ben['id']}")
    path = f"/Groups/{made['id']}"
    for given in (value, [{"value": ben["id"]}], [{"value": other["id"]}]):
        status, body, _ = directory.patch(path, {"op": "add", "path": "members", "value": given})
        assert (status, body["scimType"]) == (400, "invalidValue")
    assert lives.read(lambda tx: members_of(tx, made["id"])) == []


@pytest.mark.parametrize(
    "body",
    [
        {"schemas": [GROUP]},
        {"schemas": [GROUP], "displayName": ""},
        {"schemas": [GROUP], "displayName": "a\u202eb"},
        {"schemas": [GROUP], "displayName": "x" * 300},
        {"schemas": [GROUP], "displayName": "x", "members": "u_x"},
    ],
)
def test_bad_groups_are_refused(directory, body):
    """No name, one that nobody can read, members that are none."""
    assert directory.ask("POST", "/Groups", body)[0] == 400


def test_how_many_is_bounded(lives, directory, monkeypatch):
    """Members of a group, changes at once of one with roles, and members on a page."""
    people = [directory.add(f"p{number}")["id"] for number in range(4)]
    monkeypatch.setattr(module, "MAX_MEMBERS", 3)
    made = directory.group("Clerks", *people[:3])
    path = f"/Groups/{made['id']}"
    assert directory.patch(path, member("add", people[3]))[0] == 400
    carry(lives, made, "clerk")
    monkeypatch.setattr(module, "MAX_CHANGED", 2)
    assert directory.patch(path, member("replace"))[0] == 413
    assert directory.ask("DELETE", path)[0] == 413
    assert directory.patch(path, member("remove", *people[:2]))[0] == 200
    monkeypatch.setattr("yett.issuer.scim.group.MAX_LISTED_MEMBERS", 1)
    directory.group("Others", *people[:1])
    _, page, _ = directory.ask("GET", "/Groups")
    assert (page["itemsPerPage"], page["totalResults"]) == (1, 2)
    _, page, _ = directory.ask("GET", "/Groups", excludedAttributes="members")
    assert page["itemsPerPage"] == 2


def test_of_two_changes_at_once_both_count(tmp_path, account_store):
    """Each adds somebody: both are in; under one If-Match the second is refused."""
    lives = scim_lives(tmp_path, store=account_store.url)
    directory = Directory(lives)
    ids = [directory.add(name)["id"] for name in ("ben", "eve", "ada", "bob")]
    made = directory.group("Clerks")
    path = f"/Groups/{made['id']}"

    def both(pair, headers):
        statuses, barrier = [], threading.Barrier(2)

        def change(id_):
            barrier.wait()
            statuses.append(directory.patch(path, member("add", id_), headers=headers)[0])

        threads = [threading.Thread(target=change, args=(id_,)) for id_ in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(statuses)

    assert both(ids[:2], {}) == [200, 200]
    _, now, headers = directory.ask("GET", path)
    assert {one["value"] for one in now["members"]} == set(ids[:2])
    assert both(ids[2:], {"if-match": headers["etag"]}) == [200, 412]
    fresh = directory.add("liv")["id"]
    assert both([fresh, fresh], {}) == [200, 200], "the same at once"
    lives.server.store.close()
