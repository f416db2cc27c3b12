import gzip
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from yett.cli.__main__ import main

CONFIG = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:8000"\n'
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "security": [{"bearer": ["read"]}],
    "paths": {
        "/a/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {"operationId": "getA", "responses": {}},
            "post": {
                "operationId": "postA",
                "x-yett": {"limit": "1/s per ip", "modes": {"injection": "observe"}},
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"t": {"type": "string"}}}
                        }
                    }
                },
                "responses": {},
            },
        },
        "/open": {
            "get": {
                "operationId": "open",
                "security": [],
                "x-yett": {"public": True},
                "responses": {},
            }
        },
    },
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}
CORPORA = Path(os.environ.get("YETT_CORPORA", "../shared/corpora"))


@pytest.fixture
def run(tmp_path):
    """Run `yett check` on a document; answers the result."""

    def check(document=DOCUMENT, *options, config=CONFIG):
        text = document if isinstance(document, str) else json.dumps(document, indent=1)
        (tmp_path / "openapi.json").write_text(text)
        (tmp_path / "yett.toml").write_text(config)
        return CliRunner().invoke(main, ["-C", str(tmp_path), "check", *options])

    return check


def test_a_good_contract_is_fine(run):
    """Exit code 0, warnings printed, and what guards each operation."""
    result = run()
    assert result.exit_code == 0, result.output
    assert "credential-unverifiable" in result.output
    assert "shop.getA" in result.output
    assert "3 operations" in result.output
    assert "1 public" in result.output


def test_findings_make_the_exit_code(run):
    """1 from the severity asked for on."""
    assert run(DOCUMENT, "--fail-on", "warning").exit_code == 1
    document = {**DOCUMENT, "security": []}
    assert run(document).exit_code == 1


def test_notes_are_counted_and_shown_on_demand(run):
    """A free text without bound is a note."""
    assert "text-unbounded" not in run().output
    assert "`yett check --all` shows them" in run().output
    assert "text-unbounded" in run(DOCUMENT, "--all").output


def test_coverage_says_what_guards_each_operation(run):
    """Credential, scopes, parameters, body, unknown fields, injection, limits."""
    made = json.loads(run(DOCUMENT, "--format", "json").output)
    rows = {row["operation"]: row for row in made["coverage"]}
    assert made["operations"] == 3
    assert rows["shop.postA"] == {
        "operation": "shop.postA",
        "method": "POST",
        "path": "/a/{id}",
        "credential": "bearer",
        "scopes": "read",
        "parameters": "1 checked",
        "body": "json",
        "unknown_fields": "enforce",
        "injection": "observe",
        "limits": "1 own",
        "record": "-",
        "rules": "-",
        "references": "-",
        "fields": "-",
        "states": "-",
        "sensitive": "-",
    }
    assert rows["shop.open"]["credential"] == "public"


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
@pytest.mark.parametrize(
    "document",
    [
        '{"openapi": ',
        "[]",
        json.dumps({**DOCUMENT, "paths": {"a": {}}}),
        json.dumps({**DOCUMENT, "x-yettt": 1}),
    ],
)
def test_a_contract_that_cannot_be_used_is_the_users_input(run, form, document):
    """Exit code 2 and the findings in the form asked for, never a stack trace."""
    result = run(document, "--format", form)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "openapi.json" in result.output
    if form != "text":
        json.loads(result.output)


def test_what_the_linter_found_is_not_lost_to_the_compiler(run):
    """A pointer that leads nowhere is named as such, beside what the compiler stumbles over."""
    bad = json.loads(json.dumps(DOCUMENT))
    bad["security"] = []
    bad["paths"]["/a/{id}"]["post"]["x-yett"]["text"] = {"/none": "off"}
    result = run(bad)
    assert result.exit_code == 2
    assert "operation-unguarded" in result.output
    assert "text-setting" in result.output


def test_what_cannot_be_compiled_is_a_finding(run):
    """A limit that nobody can read, and two paths that are one."""
    bad = json.loads(json.dumps(DOCUMENT))
    bad["paths"]["/a/{id}"]["post"]["x-yett"]["limit"] = "often"
    result = run(bad)
    assert result.exit_code == 2
    assert "limit" in result.output
    bad = json.loads(
        json.dumps(DOCUMENT)
        .replace("/open", "/a/{other}")
        .replace(
            '"get": {"operationId": "open"',
            '"parameters": [{"name": "other", "in": "path", "required": true, "schema": {}}], "get": {"operationId": "open"',
        )
    )
    result = run(bad)
    assert result.exit_code == 2, result.output
    assert "openapi.json:" in result.output


def test_the_schema_is_printed(run):
    """For editors."""
    made = json.loads(run(DOCUMENT, "--schema").output)
    assert made["title"] == "yett.toml"


def test_a_folder_without_contract_says_what_to_do(tmp_path):
    """Exit code 2 and a hint."""
    result = CliRunner().invoke(main, ["-C", str(tmp_path), "check"])
    assert result.exit_code == 2
    assert "hint: `yett init`" in result.output


@pytest.mark.parametrize(
    ("name", "operations"), [("github", 1223), ("stripe", 402), ("box", 277), ("openai", 281)]
)
def test_real_descriptions_check(run, name, operations):
    """What vendors publish is loaded, linted and compiled; the output stays readable."""
    packed = CORPORA / "openapi" / f"{name}.json.gz"
    if not packed.exists():
        pytest.skip(f"no corpus at {packed}: set YETT_CORPORA")
    result = run(gzip.decompress(packed.read_bytes()).decode())
    assert result.exit_code in (0, 1), result.output[-2000:]
    assert f"{operations:,} operations" in result.output
    assert len(result.output.splitlines()) < 200


def test_a_credential_that_is_only_observed_guards_nothing(run):
    """In mode `observe` the summary does not count a refused operation as guarded."""
    result = run(DOCUMENT, config=CONFIG + '[gateway]\nmode = "observe"\n')
    assert "whose credential is not enforced" in result.output
    unsaid = {**DOCUMENT, "security": [], "paths": {"/a": {"get": {}}}}
    result = run(unsaid, config=CONFIG + '[gateway]\nmode = "observe"\n')
    assert "1 refused, because nothing says who may call them" in result.output
    assert "behind a credential" not in result.output
