"""A change of the contract's files is noticed once, when it is whole."""

from __future__ import annotations

import json
import os
import time

import pytest
from msgspec.structs import replace

from yett.contract.files import POLICIES_NAME
from yett.contract.places import Source
from yett.gate.reload import Watch, contract_files, prepare
from yett.policy.authz.model import Authz, Identity
from yett.policy.cedar.model import Decided, Footprint, Rule, Slice
from yett.policy.cedar.types import Schema


@pytest.fixture
def files(tmp_path):
    paths = (tmp_path / "yett.toml", tmp_path / "openapi.yaml")
    for path in paths:
        path.write_text("one")
    return paths


def looks(watch, count=3):
    return [watch.changed() for _ in range(count)]


def test_nothing_is_noticed_when_nothing_changed(files):
    """Looking at files that stay says nothing."""
    assert looks(Watch(lambda: files)) == [False, False, False]


def test_a_change_is_noticed_once_and_settled(files):
    """New contents count when two looks have seen the same, and then once."""
    watch = Watch(lambda: files)
    files[1].write_text("two")
    assert looks(watch) == [False, True, False]


def test_a_file_that_is_still_written_is_waited_for(files):
    """While the stamp moves from look to look nothing is read."""
    watch = Watch(lambda: files)
    for text in ("t", "tw", "two parts"):
        files[1].write_text(text)
        assert watch.changed() is False
    assert looks(watch) == [True, False, False]


def test_a_touch_is_no_change(files):
    """A new time stamp over the same contents is not worth a reload."""
    watch = Watch(lambda: files)
    os.utime(files[0], (1, 1))
    assert looks(watch) == [False, False, False]


def test_replacing_deleting_and_restoring_are_changes(files):
    """A renamed-over file, a missing one and its return are each noticed."""
    watch = Watch(lambda: files)
    part = files[0].with_suffix(".part")
    part.write_text("new")
    part.replace(files[0])
    assert looks(watch) == [False, True, False]
    files[0].unlink()
    assert looks(watch) == [False, True, False]
    files[0].write_text("new")
    assert looks(watch) == [False, True, False]


def test_contents_do_not_slide_between_files(files):
    """Moving text from one file into the next is a change, although their sum is the same."""
    watch = Watch(lambda: files)
    files[0].write_text("on")
    files[1].write_text("eone")
    assert looks(watch) == [False, True, False]


def test_what_was_read_anyway_is_not_noticed_again(files):
    """After `catch_up` only a later change counts."""
    watch = Watch(lambda: files)
    files[0].write_text("two")
    watch.catch_up()
    assert looks(watch) == [False, False, False]
    files[0].write_text("three")
    assert looks(watch) == [False, True, False]


def test_a_file_put_in_place_since_is_newer(files):
    """A file that was renamed into place is newer than before, however old its contents are."""
    watch = Watch(lambda: files)
    assert watch.newer(0)
    assert not watch.newer(time.time() + 60)
    old = files[0].with_suffix(".old")
    old.write_text("old")
    os.utime(old, (1, 1))
    before = time.time() - 0.1
    old.replace(files[0])
    assert watch.newer(before)


def test_a_file_taken_away_since_is_newer(files):
    """A file that was read and is gone before anybody watched has changed, too."""
    files[0].unlink()
    watch = Watch(lambda: files)
    assert watch.newer(time.time() + 60)


POLICY = '@id("all") permit(principal, action == Action::"ping", resource);\n'


@pytest.fixture
def contract(tmp_path):
    """A contract folder, and the files of the program that was made of it."""
    api = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}}
    operation = {"operationId": "ping", "x-yett": {"public": True}, "responses": {}}
    document = api | {"paths": {"/ping": {"get": operation}}}
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    settings = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n'
    (tmp_path / "yett.toml").write_text(settings)

    def files():
        policy = prepare(tmp_path).policy
        return lambda: contract_files(tmp_path, policy)

    return tmp_path, files


def test_policies_are_files_of_the_contract(contract):
    """The folder and each Cedar file in it; not what is no policy."""
    folder, files = contract
    assert [p.name for p in files()()] == ["yett.toml", "openapi.json"]
    (folder / POLICIES_NAME).mkdir()
    for name in ("b.cedar", "a.cedar", ".#a.cedar", "notes.md"):
        (folder / POLICIES_NAME / name).write_text("")
    found = [p.relative_to(folder).as_posix() for p in files()()]
    assert found[2:] == ["policies", "policies/a.cedar", "policies/b.cedar"]


def test_a_policy_that_comes_changes_or_goes_is_noticed(contract):
    """Also in a folder that was not there when the gate started, and an empty file."""
    folder, files = contract
    watch = Watch(files())
    policies = folder / POLICIES_NAME
    policies.mkdir()
    assert looks(watch)[1] is True  # an empty folder is one more file
    for step in (
        lambda: (policies / "a.cedar").write_text(""),
        lambda: (policies / "a.cedar").write_text(POLICY),
        lambda: (policies / "a.cedar").rename(policies / "b.cedar"),
        (policies / "b.cedar").unlink,
        policies.rmdir,
    ):
        step()
        assert looks(watch) == [False, True, False]


def test_what_editors_leave_beside_policies_is_no_change(contract):
    """The folder's stamp moves, nothing that is read does."""
    folder, files = contract
    (folder / POLICIES_NAME).mkdir()
    (folder / POLICIES_NAME / "a.cedar").write_text(POLICY)
    watch = Watch(files())
    (folder / POLICIES_NAME / ".a.cedar.swp").write_text("x")
    assert looks(watch) == [False, False, False]


def test_a_policy_taken_away_before_anybody_watched_is_newer(contract):
    """It moved its folder's time."""
    folder, files = contract
    assert not Watch(files()).newer(time.time() + 60)  # and one that never was is not
    (folder / POLICIES_NAME).mkdir()
    for name in ("a.cedar", "b.cedar"):
        (folder / POLICIES_NAME / name).write_text(POLICY.replace("all", name[0]))
    listed = files()
    stamp = (folder / POLICIES_NAME / "a.cedar").stat().st_ctime
    assert not Watch(listed).newer(time.time() + 60)
    while time.time() <= stamp + 0.02:
        time.sleep(0.005)
    since = time.time()
    (folder / POLICIES_NAME / "b.cedar").unlink()
    assert Watch(listed).newer(since - 0.01)


@pytest.mark.parametrize(("generated", "missed"), [(False, True), (True, False)])
def test_a_folder_that_is_gone_is_missed_where_it_was_read(contract, generated, missed):
    """Where rules came from the contract itself there never was a folder."""
    folder, _ = contract
    rule = Rule(id="a", effect="permit", tree=None, text="", source=Source(), generated=generated)
    one = Slice(
        action="ping", rules=(rule,), footprint=Footprint(), decide=Decided, foresee=Decided
    )
    authz = Authz(
        schema=Schema({}, {}), text="", policies="", slices={"ping": one}, guards={},
        identity=Identity(types={}),
    )  # fmt: skip
    policy = replace(prepare(folder).policy, authz=authz)
    watch = Watch(lambda: contract_files(folder, policy))
    assert watch.newer(time.time() + 60) is missed
