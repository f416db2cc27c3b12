import json

import pytest

from yett.contract.document import read_document
from yett.contract.overlay import OverlaidLines, apply_overlay
from yett.contract.report import Report, findings

DOCUMENT = {
    "paths": {"/a": {"get": {"tags": ["x"]}, "put": {}}, "/b/{id}": {"get": {}}},
    "tags": [{"name": "x"}, {"name": "y"}, {"name": "z"}],
}


class Applied:
    def __init__(self, actions, root=None, document=DOCUMENT):
        text = json.dumps(
            {"overlay": "1.0.0", "info": {}, "actions": actions} if root is None else root, indent=1
        )
        self.overlay = read_document(text.encode(), "overlay.json", text.encode)
        data = json.dumps(document, indent=1).encode()
        self.document = read_document(data, "openapi.json", lambda: data)
        self.value = self.document.value
        self.report = Report()
        self.patches = apply_overlay(
            self.value,
            self.overlay.value,
            self.overlay.source,
            self.report,
            extended="openapi.json",
        )
        self.lines = OverlaidLines(self.document.locator, self.overlay.locator, self.patches)

    @property
    def findings(self):
        return findings(self.report.remarks)


def test_objects_merge_and_lists_grow():
    """Overlay 1.0 s4.3.1: properties are added or replaced, lists are joined, one target at a time."""
    applied = Applied(
        [{"target": "$.paths['/a'].get", "update": {"tags": ["y"], "x-yett": {"cost": 2}}}]
    )
    assert applied.value["paths"]["/a"]["get"] == {"tags": ["x", "y"], "x-yett": {"cost": 2}}
    assert not applied.findings


def test_a_list_takes_the_update_as_an_item():
    """s4.3.1: an update of a list is appended."""
    assert Applied([{"target": "$.tags", "update": {"name": "w"}}]).value["tags"][-1] == {
        "name": "w"
    }


def test_each_target_has_its_own_copy():
    """Changing one operation later does not change its neighbours."""
    applied = Applied(
        [
            {"target": "$.paths.*.get", "update": {"x-yett": {"limit": []}}},
            {"target": "$.paths['/a'].get['x-yett'].limit", "update": "1/s per ip"},
        ]
    )
    assert applied.value["paths"]["/a"]["get"]["x-yett"]["limit"] == ["1/s per ip"]
    assert applied.value["paths"]["/b/{id}"]["get"]["x-yett"]["limit"] == []


def test_remove_takes_out_every_match():
    """Indexes stay right while items go, and `update` beside `remove` counts for nothing."""
    applied = Applied(
        [
            {"target": "$.tags[0,2]", "remove": True, "update": {"a": 1}},
            {"target": "$.paths['/a'].put", "remove": True},
        ]
    )
    assert applied.value["tags"] == [{"name": "y"}]
    assert set(applied.value["paths"]["/a"]) == {"get"}


def test_filters_find_operations_by_their_content():
    """RFC 9535 filters work on what the actions before have made."""
    actions = [
        {"target": "$.paths.*.get", "update": {"operationId": "g"}},
        {"target": "$.paths.*[?@.operationId=='g']", "update": {"x": 1}},
    ]
    assert Applied(actions).value["paths"]["/b/{id}"]["get"]["x"] == 1


def test_values_are_found_in_the_file_they_came_from():
    """A finding about `x-yett` leads to the overlay, one about the path to the document."""
    applied = Applied([{"target": "$.paths['/a'].get", "update": {"x-yett": {"cost": 2}}}])
    at = ("paths", "/a", "get")
    path, line = applied.lines.locate((*at, "x-yett", "cost"))
    assert path == "overlay.json"
    assert line == 9
    assert applied.lines.locate((*at, "tags")) == ("openapi.json", 5)


def test_an_update_of_the_root_leaves_the_other_lines_alone():
    """One action on `$` adds a path; a finding about the paths that were there leads to them."""
    new = {"paths": {"/new": {"get": {}}, "/a": {"get": {"x": 1}}}, "security": []}
    applied = Applied([{"target": "$", "update": new}])
    assert applied.lines.locate(("paths", "/a", "get", "tags")) == ("openapi.json", 5)
    assert applied.lines.locate(("paths", "/a"))[0] == "openapi.json"
    for pointer in (("paths", "/new", "get"), ("paths", "/a", "get", "x"), ("security",)):
        assert applied.lines.locate(pointer)[0] == "overlay.json"


@pytest.mark.parametrize(
    ("actions", "rule", "severity", "words"),
    [
        ([{"target": "$.paths['/c']", "remove": True}], "overlay-no-match", "warning", "matches nothing"),
        ([{"target": "$.paths['/c']", "update": {"tags": []}}], "overlay-no-match", "warning", "matches nothing"),
        ([{"target": "$.paths['/c'].get", "update": {"x-yett": {"limit": "1/s per ip"}}}], "overlay-lost", "error", "so its `x-yett` would guard nothing"),
        ([{"target": "$.paths.*[?@.nope]", "update": {"security": []}}], "overlay-lost", "error", "so its `security` would"),
        ([{"target": "$.paths[", "remove": True}], "overlay-target", "error", "is not a JSONPath"),
        ([{"target": "paths", "remove": True}], "overlay-target", "error", "is not a JSONPath"),
        ([{"target": "$.paths./a", "remove": True}], "overlay-target", "error", "is not a JSONPath"),
        ([{"target": "$", "remove": True}], "overlay-target", "error", "would remove the whole"),
        ([{"target": "$.tags[0].name", "update": {}}], "overlay-target", "error", "neither an object nor a list"),
        ([{"target": "$.paths", "update": 3}], "overlay-target", "error", "is not an object"),
        ([{"target": "$.paths"}], "overlay-shape", "error", "neither updates nor removes"),
        ([{"update": {}}], "overlay-shape", "error", "no `target`"),
        ([{"target": 3, "update": {}}], "overlay-shape", "error", "no `target`"),
        ([{"target": "$.paths", "remove": "yes"}], "overlay-shape", "error", "`remove` is `yes`"),
        ([{"target": "$.paths", "updat": {}, "update": {}}], "overlay-shape", "error", "`updat` is not known"),
        (["x"], "overlay-shape", "error", "no `target`"),
    ],
)  # fmt: skip
def test_an_action_that_cannot_be_applied_is_named(actions, rule, severity, words):
    """With the line of the action; the document is left as it was."""
    applied = Applied(actions)
    found = applied.findings[0]
    assert (found.rule, found.severity, found.path) == (rule, severity, "overlay.json")
    assert words in found.message
    assert found.line > 3
    assert applied.value == DOCUMENT


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ([], "no list of `actions`"),
        ({"overlay": "1.0.0"}, "no list of `actions`"),
        ({"overlay": "1.0.0", "actions": {}}, "no list of `actions`"),
        ({"overlay": "2.0.0", "actions": []}, "`2.0.0` is not a version"),
        ({"overlay": 1.0, "actions": []}, "`1.0` is not a version"),
        ({"overlay": "1.0.0", "actions": [], "acions": []}, "`acions` is not known"),
        ({"overlay": "1.0.0", "actions": [], "extends": "https://x/other.yaml"}, "extends"),
    ],
)
def test_other_documents_are_named(root, words):
    """What is no Overlay 1.0 is not applied in part."""
    assert words in Applied([], root).findings[0].message


def test_extends_by_another_folder_is_the_same_file():
    """Only the name is compared: URLs and paths of the team's pipeline differ."""
    assert not Applied(
        [], {"overlay": "1.0.0", "actions": [], "extends": "https://x/y/openapi.json"}
    ).findings


def test_the_path_that_was_meant_is_named():
    """`/b/{idd}` has a hint."""
    applied = Applied([{"target": "$.paths['/b/{idd}'].get", "update": {}}])
    assert applied.findings[0].hint == "did you mean `/b/{id}`?"


def test_a_target_that_matches_too_much_is_refused(monkeypatch):
    """An Overlay cannot make the loader copy for ever."""
    monkeypatch.setattr("yett.contract.overlay.MAX_NODES_PER_TARGET", 3)
    assert (
        "matches over 3 places" in Applied([{"target": "$..*", "update": {}}]).findings[0].message
    )
