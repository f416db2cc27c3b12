import json
import re

import pytest
import yaml
from click.testing import CliRunner

from yett.cli.__main__ import main
from yett.cli.record_drafts import overlay_records, policies_draft

TEXT = {"type": "string", "maxLength": 9}
ID = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]


def answer(schema):
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


TRIP = {"$ref": "#/components/schemas/Trip"}
PAGE = {"type": "object", "properties": {"items": {"type": "array", "items": TRIP}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "security": [{"token": []}],
    "paths": {
        "/trips": {
            "get": {"operationId": "list\"Tr'ips", "responses": answer(PAGE)},
            "post": {"operationId": "addTrip", "responses": answer(TRIP)},
        },
        "/trips/{id}": {
            "parameters": ID,
            "get": {"operationId": "getTrip", "responses": answer(TRIP)},
            "delete": {"operationId": "dropTrip", "responses": {}},
        },
        "/rooms/{id}": {
            "parameters": ID,
            "get": {
                "operationId": "getRoom",
                "responses": answer({"type": "object", "properties": {"id": TEXT}}),
            },
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Trip": {
                "type": "object",
                "required": ["id", "customer_id"],
                "properties": {"id": TEXT, "customer_id": TEXT, "status": TEXT},
            }
        },
    },
}


@pytest.fixture
def drafted(tmp_path):
    """A folder that `yett init` wrote."""

    def write(document=DOCUMENT, *options):
        (tmp_path / "source.json").write_text(json.dumps(document))
        folder = tmp_path / "gate"
        command = ["-C", str(folder), "init", "--openapi", str(tmp_path / "source.json"), *options]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        return folder, result.output

    return write


def check(folder, *options):
    return CliRunner().invoke(main, ["-C", str(folder), "check", *options])


def uncomment(folder):
    """Do what the drafts say."""
    path = folder / "overlay.yaml"
    head, _, rest = path.read_text().partition("actions: []")
    path.write_text(head + "actions:" + re.sub(r"(?m)^#(?=  )", "", rest))
    path = folder / "policies/records.cedar"
    text = path.read_text()
    start, end = text.index("// @id"), text.index("// Nothing tells")
    body = re.sub(r"(?m)^// ?", "", text[start:end])
    path.write_text(text[:start] + body + text[end:])


def test_a_new_folder_is_fine_as_it_is(drafted):
    """Drafts are comments: nothing is refused for them, and what is open is said."""
    folder, said = drafted()
    assert f"wrote {folder}/policies/records.cedar" in said
    assert "3 operations take an id, and nothing checks whose record it is" in said
    assert f"hint: `{folder}/overlay.yaml` and `{folder}/policies` have drafts" in said
    assert yaml.safe_load((folder / "overlay.yaml").read_text())["actions"] == []
    result = check(folder)
    assert result.exit_code == 0, result.output


def test_the_drafts_work_when_they_are_taken(drafted):
    """Uncommented, overlay and policies compile, and each rule has its place."""
    folder, _ = drafted()
    uncomment(folder)
    found = json.loads(check(folder, "--format", "json").output)
    errors = [f for f in found["findings"] if f["severity"] == "error"]
    assert {(f["rule"], f["subject"]) for f in errors} == {("authz-unguarded", "api.getRoom")}
    places = {row["operation"]: (row["record"], row["rules"]) for row in found["coverage"]}
    assert places["api.getTrip"] == ("response", "Trip-own")
    assert places["api.list\"Tr'ips"] == ("response, each", "Trip-own")
    assert places["api.dropTrip"] == ("read-before-write", "Trip-own")
    assert places["api.addTrip"] == ("before", "Trip-new")


def test_what_has_no_owner_is_named(drafted):
    """A person has to say whose rooms these are."""
    folder, _ = drafted()
    assert "Nothing tells whose these are: Room" in (folder / "policies/records.cedar").read_text()


def test_without_records_there_is_no_draft(drafted):
    """No id in a path: no folder of policies."""
    paths = {"/health": {"get": {"responses": {}}}}
    folder, said = drafted({**DOCUMENT, "paths": paths})
    assert not (folder / "policies").exists()
    assert "policies" not in said


def test_policies_that_are_there_stay(drafted):
    """Only `--force` writes over them."""
    folder, _ = drafted()
    path = folder / "policies/records.cedar"
    path.write_text("// mine")
    (folder / "yett.toml").unlink()
    (folder / "overlay.yaml").unlink()
    (folder / "openapi.json").unlink()
    drafted()
    assert path.read_text() == "// mine"
    drafted(DOCUMENT, "--force")
    assert path.read_text() != "// mine"


def test_nothing_to_draft_is_no_text():
    """The overlay of a contract without records is what it was."""
    assert overlay_records(()) == ""
    assert policies_draft(()).startswith("// Who may do what")
