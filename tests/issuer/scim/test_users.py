"""People kept by a directory: made, found, changed, disabled, deleted; and what it may not do."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.directory import ENTERPRISE, PATCH_OP, USER, Directory, scim_lives

from yett.issuer import people
from yett.issuer.lifecycle.ending import disable_user
from yett.issuer.lifecycle.keys import read_keys
from yett.state.accounts.grants import find_grant
from yett.state.accounts.links import Link, add_link, find_link
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import find_session
from yett.state.accounts.users import change_user, find_login, find_user


def row(lives, id_):
    return lives.read(lambda tx: find_user(tx, id_))


def kinds(lives):
    return [event.kind for _, event in lives.read(untold)]


def test_a_user_is_made_as_it_was_said(lives, directory):
    """201 with its place and version; invited, without roles, password or a way in."""
    said = {
        "schemas": [USER, ENTERPRISE],
        "userName": "Ben@Example.com",
        "externalId": "00u1",
        "name": {"givenName": "Ben", "familyName": "Okri"},
        "emails": [{"value": "ben@example.com", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "+441", "type": "mobile"}],
        "active": True,
        "password": "hunter2hunter2",
        "roles": [{"value": "admin"}],
        "entitlements": [{"value": "everything"}],
        "groups": [{"value": "g_x"}],
        "id": "u_mine",
        ENTERPRISE: {"department": "Sales", "manager": {"value": "u_boss"}},
    }
    status, made, headers = directory.ask("POST", "/Users", said)
    assert status == 201
    assert headers["location"] == made["meta"]["location"].replace("u_mine", made["id"])
    assert headers["etag"] == made["meta"]["version"] == 'W/"1"'
    assert made["userName"] == "Ben@Example.com"
    assert made[ENTERPRISE] == {"department": "Sales", "manager": {"value": "u_boss"}}
    assert not {"password", "roles", "entitlements", "groups"} & made.keys()
    user = row(lives, made["id"])
    assert user.id != "u_mine"
    assert (user.login, user.email, user.name) == ("ben@example.com", "ben@example.com", "Ben Okri")
    assert (user.status, user.roles, user.password, user.external) == ("invited", (), "", "00u1")
    assert "hunter2" not in str(user.profile)
    assert directory.ask("GET", f"/Users/{made['id']}")[1] == made
    assert "account-made" in kinds(lives)


def test_a_taken_name_is_a_conflict(directory):
    """However it is spelled, at creation and at renaming."""
    directory.add("ben")
    other = directory.add("eve")
    status, body, _ = directory.ask("POST", "/Users", {"schemas": [USER], "userName": " BEN "})
    assert (status, body["scimType"]) == (409, "uniqueness")
    change = {"op": "replace", "path": "userName", "value": "Ben"}
    assert directory.patch(f"/Users/{other['id']}", change)[0] == 409
    assert directory.patch(f"/Users/{other['id']}", {**change, "value": "EVE"})[0] == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "invalidSyntax"),
        (b"{", "invalidSyntax"),
        (b'{"schemas":["x"],"userName":"a"}', ""),
        ({"schemas": [USER]}, "invalidValue"),
        ({"schemas": [USER], "userName": ""}, "invalidValue"),
        ({"schemas": [USER], "userName": "a b"}, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "active": "maybe"}, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "name": "x"}, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "title": "a\x00b"}, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "title": "x" * 1025}, "invalidValue"),
        ({"schemas": [USER], "userName": "a", "emails": [{"value": "x"}] * 51}, "invalidValue"),
        (
            {"schemas": [USER], "userName": "a", "addresses": [{"formatted": "x" * 999}] * 30},
            "invalidValue",
        ),
    ],
)
def test_bad_users_are_refused(directory, body, kind):
    """In words, with the kind that RFC 7644 names, and nothing is kept."""
    status, said, _ = directory.ask("POST", "/Users", body)
    assert status == 400
    assert said["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    if kind:
        assert said["scimType"] == kind
    assert directory.ask("GET", "/Users")[1]["totalResults"] == 0


def test_lists_are_found_sorted_and_paged(directory):
    """By filter, order and page; never more than 200 at once."""
    for name in ("ada", "ben", "eve"):
        directory.add(name, title="clerk" if name != "eve" else "boss")
    _, page, _ = directory.ask(
        "GET", "/Users", startIndex="2", count="1", sortBy="userName", sortOrder="descending"
    )
    assert [one["userName"] for one in page["Resources"]] == ["ben"]
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 1)
    assert len(directory.find("/Users", 'title eq "CLERK" and userName sw "a"')) == 1
    for strange in ("0", "-5"):
        assert directory.ask("GET", "/Users", startIndex=strange)[1]["startIndex"] == 1
    assert directory.ask("GET", "/Users", count="-1")[1]["Resources"] == []
    assert directory.ask("GET", "/Users", count="100000")[0] == 200
    assert directory.ask("GET", "/Users", count="x")[0] == 400
    search = {"filter": 'userName eq "ada"', "attributes": ["userName"], "startIndex": 1}
    _, found, _ = directory.ask("POST", "/Users/.search", search)
    assert [set(one) for one in found["Resources"]] == [{"schemas", "id", "userName"}]
    bare = directory.find("/Users", "title pr", excludedAttributes="meta,title")
    assert not any({"meta", "title"} & one.keys() for one in bare)


def test_entra_changes_a_user(lives, directory):
    """Entra's shapes, written down from its public documentation by memory."""
    made = directory.add("ben", emails=[{"type": "work", "value": "b@x", "primary": True}])
    path = f"/Users/{made['id']}"
    assert directory.find("/Users", 'emails[type eq "work"].value eq "B@X"')
    status, changed, _ = directory.patch(
        path,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ben@example.com"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+441"},
        {"op": "Add", "path": "name.givenName", "value": "Ben"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "u_boss"},
        {"op": "Replace", "path": "locale", "value": "en-GB"},
    )
    assert status == 200, changed
    assert changed["emails"] == [{"type": "work", "value": "ben@example.com", "primary": True}]
    assert changed["phoneNumbers"] == [{"type": "mobile", "value": "+441"}]
    assert changed[ENTERPRISE] == {"department": "Sales", "manager": {"value": "u_boss"}}
    assert row(lives, made["id"]).email == "ben@example.com"
    status, changed, _ = directory.patch(
        path, {"op": "Replace", "path": "active", "value": "False"}
    )
    assert (status, changed["active"]) == (200, False)
    assert row(lives, made["id"]).status == "disabled"
    whole = {"displayName": "Ben O", "name.familyName": "Okri", "active": "True"}
    status, changed, _ = directory.patch(path, {"op": "Replace", "value": whole})
    assert (changed["active"], changed["displayName"]) == (True, "Ben O")
    assert changed["name"] == {"givenName": "Ben", "familyName": "Okri"}


def test_okta_changes_a_user(lives, directory):
    """Okta's: looks by name, creates with a password, replaces whole, then `active` as an object."""
    assert (
        directory.find("/Users", 'userName eq "ben@example.com"', startIndex="1", count="100") == []
    )
    made = directory.add("ben@example.com", password="1mz050nq", groups=[], locale="en-US")
    path = f"/Users/{made['id']}"
    whole = {**made, "title": "clerk", "password": "again"}
    assert directory.ask("PUT", path, whole)[1]["title"] == "clerk"
    off = {"op": "replace", "value": {"active": False}}
    assert directory.patch(path, off)[1]["active"] is False
    assert directory.find("/Users", "active eq false")[0]["id"] == made["id"]
    assert row(lives, made["id"]).password == ""


def test_what_is_left_out_of_a_put_is_gone_but_for_active(lives, directory):
    """RFC 7644 s3.5.1; a PUT that forgets `active` enables nobody and disables nobody."""
    made = directory.add("ben", title="clerk", active=False)
    _, changed, _ = directory.ask(
        "PUT", f"/Users/{made['id']}", {"schemas": [USER], "userName": "ben"}
    )
    assert "title" not in changed
    assert changed["active"] is False
    assert row(lives, made["id"]).status == "disabled"


def test_inactive_ends_everything_at_once(lives, directory):
    """Sessions, grants, keys and services end, tokens are cut off; active again brings none back."""
    user = lives.person("ben")
    session, grant, key, service = lives.equip(user)
    path = f"/Users/{user.id}"
    off = {"op": "replace", "path": "active", "value": False}
    assert directory.patch(path, off)[0] == 200

    def ended():
        session_, grant_ = lives.read(
            lambda tx: (find_session(tx, session.id), find_grant(tx, grant.id))
        )
        return session_.ended and grant_.ended

    assert ended()
    covered = {(one.kind, one.value) for one in lives.read(lambda tx: in_force(tx, NOW))}
    assert {("sub", user.id), ("key", key.id), ("client", service.id)} <= covered
    assert all(one.revoked for one in read_keys(lives.server) if one.id == key.id)
    lives.now += 1
    assert directory.patch(path, {**off, "value": True})[1]["active"] is True
    assert ended()
    assert "account-disabled" in kinds(lives)
    assert "account-enabled" in kinds(lives)


def test_an_administrator_is_out_of_reach(lives, directory):
    """Not changed, disabled, renamed or deleted, the last one or not; only looked at."""
    lives.person("ada", roles=("admin",))
    boss = lives.person("bob", roles=("admin",))
    path = f"/Users/{boss.id}"
    for value in (
        {"active": False},
        {"userName": "bobby"},
        {"emails": [{"value": "evil@example.com"}]},
        {"externalId": "mine"},
    ):
        assert directory.patch(path, {"op": "replace", "value": value})[0] == 403
    assert directory.ask("DELETE", path)[0] == 403
    assert directory.ask("PUT", path, {"schemas": [USER], "userName": "x"})[0] == 403
    assert row(lives, boss.id) == boss
    assert directory.ask("GET", path)[1]["roles"] == [{"value": "admin"}]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "roles", "value": [{"value": "admin"}]},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "admin"},
        {"op": "replace", "value": {"roles": [{"value": "admin"}]}},
        {"op": "replace", "value": {f"{USER}:Roles": [{"value": "admin"}]}},
        {"op": "add", "path": f"{USER}:roles", "value": [{"value": "admin"}]},
        {"op": "add", "path": "entitlements", "value": [{"value": "admin"}]},
        {"op": "replace", "path": "password", "value": "hunter2hunter2"},
        {"op": "replace", "value": {"PassWord": "hunter2hunter2"}},
        {"op": "add", "path": "groups", "value": [{"value": "g_admins"}]},
        {"op": "replace", "path": "id", "value": "u_other"},
        {"op": "replace", "path": "meta.version", "value": "x"},
    ],
)
def test_nobody_is_given_power(lives, directory, operation):
    """Roles, entitlements, passwords and groups are refused in words, and nothing changes."""
    made = directory.add("ben")
    before = row(lives, made["id"])
    status, body, _ = directory.patch(f"/Users/{made['id']}", operation)
    assert (status, body["scimType"]) == (400, "mutability")
    assert row(lives, made["id"]) == before


def test_whom_an_operator_disabled_stays_so(lives, directory):
    """Neither `active: true` nor a detour over `active: false` lets a directory undo an operator."""
    made = directory.add("ben")
    user = row(lives, made["id"])
    lives.write(lambda tx: disable_user(lives.server, tx, user, (), reason="x", by="cli:root"))
    path = f"/Users/{made['id']}"
    on = {"op": "replace", "path": "active", "value": True}
    assert directory.patch(path, on)[0] == 403
    assert directory.patch(path, {**on, "value": False})[0] == 200
    assert directory.patch(path, on)[0] == 403
    assert row(lives, made["id"]).status == "disabled"
    lives.write(
        lambda tx: people.enable_user(lives.server, tx, find_user(tx, user.id), by="cli:root")
    )
    assert directory.patch(path, {**on, "value": False})[0] == 200
    lives.write(
        lambda tx: disable_user(
            lives.server, tx, find_user(tx, user.id), (), reason="x", by="cli:root"
        )
    )
    assert directory.patch(path, on)[0] == 403, "an operator said so after the directory"


def test_a_deleted_user_is_gone_and_its_name_free(lives, directory):
    """404 everywhere, no way in, no groups; a new one of that name has another id and no power."""
    made = directory.add("ben", externalId="e1")
    directory.group("Clerks", made["id"])
    link = Link(issuer="https://idp.example", subject="s", user=made["id"], created=NOW)
    lives.write(lambda tx: add_link(tx, link))
    user = row(lives, made["id"])
    lives.write(lambda tx: change_user(tx, user, now=NOW, password="$argon2id$x", roles=("clerk",)))
    path = f"/Users/{made['id']}"
    assert directory.ask("DELETE", path)[0] == 204
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"schemas": [USER]})):
        assert directory.ask(method, path, body)[0] == 404
    assert directory.patch(path, {"op": "replace", "path": "active", "value": True})[0] == 404
    assert directory.ask("GET", "/Users")[1]["totalResults"] == 0
    assert "members" not in directory.find("/Groups", 'displayName eq "Clerks"')[0]
    gone = row(lives, made["id"])
    assert (gone.status, gone.password, gone.roles) == ("disabled", "", ())
    assert lives.read(lambda tx: find_link(tx, link.issuer, link.subject)) is None
    with pytest.raises(Exception, match="was deleted by its directory"):
        lives.write(lambda tx: people.enable_user(lives.server, tx, gone, by="cli:root"))
    again = directory.add("ben", externalId="e1")
    assert again["id"] != made["id"]
    assert lives.read(lambda tx: find_login(tx, "ben")).id == again["id"]
    assert "account-deleted" in kinds(lives)


def test_a_name_with_api_keys_is_not_taken_away(lives, directory):
    """Else whoever gets the name next would own the keys, and disabling would miss them."""
    ben = lives.person("ben")
    lives.key("ben")
    path = f"/Users/{ben.id}"
    rename = {"op": "replace", "path": "userName", "value": "benjamin"}
    status, body, _ = directory.patch(path, rename)
    assert (status, body["scimType"]) == (400, "mutability")
    off = {"op": "replace", "path": "active", "value": False}
    assert directory.patch(path, rename, off)[0] == 200, "keys end first"
    assert all(one.revoked for one in read_keys(lives.server))


def test_a_name_that_stands_for_something_is_not_given(lives, directory):
    """Nobody is called like keys, ids or deleted accounts: disabling them would end others' keys."""
    boss = lives.person("ada", roles=("admin",))
    lives.key("billing")
    lives.key(boss.id)
    ben = directory.add("ben")
    for name in ("Billing", boss.id, "deleted:" + ben["id"], "s_abcdefghijklmnop"):
        status, body, _ = directory.ask("POST", "/Users", {"schemas": [USER], "userName": name})
        assert (status, body["scimType"]) == (409, "uniqueness"), name
        change = {"op": "replace", "path": "userName", "value": name}
        assert directory.patch(f"/Users/{ben['id']}", change)[0] == 409
    assert not any(one.revoked for one in read_keys(lives.server))


def test_a_change_of_what_was_not_read_is_refused(directory):
    """If-Match: 412 for another version, for PUT, PATCH and DELETE; If-None-Match: 304."""
    made = directory.add("ben")
    path, held = f"/Users/{made['id']}", {"if-match": made["meta"]["version"]}
    change = {"op": "replace", "path": "title", "value": "boss"}
    assert directory.patch(path, change, headers=held)[0] == 200
    assert directory.patch(path, change, headers=held)[0] == 412
    assert directory.ask("PUT", path, {"schemas": [USER], "userName": "b"}, headers=held)[0] == 412
    assert directory.ask("DELETE", path, headers=held)[0] == 412
    assert directory.ask("GET", path, headers={"if-none-match": 'W/"2"'})[0] == 304
    assert directory.ask("GET", path, headers={"if-none-match": 'W/"1"'})[0] == 200
    assert directory.ask("DELETE", path, headers={"if-match": "*"})[0] == 204


def test_nothing_new_is_no_new_version(lives, directory):
    """A directory says the same every night; the version stays, and nothing is put down."""
    made = directory.add("ben", title="clerk")
    before = kinds(lives)
    same = {"op": "replace", "path": "title", "value": "clerk"}
    assert directory.patch(f"/Users/{made['id']}", same)[1]["meta"] == made["meta"]
    assert directory.ask("PUT", f"/Users/{made['id']}", made)[1]["meta"] == made["meta"]
    assert kinds(lives) == before


@pytest.mark.parametrize("operations", [[], [{"op": "x"}], [{"path": "title"}], [1], "x"])
def test_a_patch_without_operations_is_refused(directory, operations):
    """And so is one that is too long; none of it is done."""
    made = directory.add("ben")
    body = {"schemas": [PATCH_OP], "Operations": operations}
    assert directory.ask("PATCH", f"/Users/{made['id']}", body)[0] == 400
    many = [{"op": "replace", "path": "title", "value": "x"}] * 101
    assert directory.patch(f"/Users/{made['id']}", *many)[0] == 400
    half = [{"op": "replace", "path": "title", "value": "x"}, {"op": "remove"}]
    assert directory.patch(f"/Users/{made['id']}", *half)[0] == 400
    assert "title" not in directory.ask("GET", f"/Users/{made['id']}")[1]


def test_values_are_bounded_however_they_come(directory):
    """Operations over thousands of values would hold the one writer for seconds."""
    made = directory.add("ben", emails=[{"value": f"a{number}@x"} for number in range(50)])
    path = f"/Users/{made['id']}"
    one = {"op": "add", "path": "emails", "value": [{"value": "new@x"}]}
    assert directory.patch(path, one)[0] == 400
    many = [{"value": f"b{number}@x"} for number in range(201)]
    assert directory.patch(path, {**one, "value": many})[0] == 400
    assert len(directory.ask("GET", path)[1]["emails"]) == 50


def test_of_two_changes_at_once_both_count(tmp_path, account_store):
    """Two PATCHes of different attributes lose nothing; under one If-Match one of them is refused."""
    lives = scim_lives(tmp_path, store=account_store.url)
    directory = Directory(lives)
    made = directory.add("ben")
    path = f"/Users/{made['id']}"

    def both(headers):
        statuses, barrier = [], threading.Barrier(2)

        def change(name):
            barrier.wait()
            operation = {"op": "replace", "path": name, "value": name + str(headers)[:9]}
            statuses.append(directory.patch(path, operation, headers=headers)[0])

        threads = [threading.Thread(target=change, args=(name,)) for name in ("title", "locale")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(statuses)

    assert both({}) == [200, 200]
    _, now, headers = directory.ask("GET", path)
    assert now["title"].startswith("title")
    assert now["locale"].startswith("locale")
    assert both({"if-match": headers["etag"]}) == [200, 412]
    lives.server.store.close()


def test_of_two_of_one_name_one_is_made(tmp_path, account_store):
    """Also when both come at once: 201 and 409."""
    lives = scim_lives(tmp_path, store=account_store.url)
    directory = Directory(lives)
    statuses, barrier = [], threading.Barrier(4)

    def make():
        barrier.wait()
        body = {"schemas": [USER], "userName": "ben"}
        statuses.append(directory.ask("POST", "/Users", body)[0])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]
    lives.server.store.close()
