import json

import pytest
from click.testing import CliRunner

from yett.cli.__main__ import main
from yett.contract.load import load
from yett.policy.compile import compile_policy

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/a/{id}": {
            "get": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}]}
        },
        "/b": {"post": {}},
    },
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def init(*options, folder="contract"):
        return CliRunner().invoke(main, ["-C", folder, "init", *options])

    (tmp_path / "source.json").write_text(json.dumps(DOCUMENT))
    return init


def test_a_folder_that_runs_is_written(run, tmp_path):
    """From a file: it loads, compiles, and says what is still open."""
    result = run("--openapi", "source.json", "--upstream", "http://127.0.0.1:9", "--name", "shop")
    assert result.exit_code == 0, result.output
    assert "2 do not say who may call them" in result.output
    assert "  GET /a/{id}" in result.output
    assert "next: yett -C contract check" in result.output
    contract = load(tmp_path / "contract")
    assert contract.config.api["shop"].upstream == "http://127.0.0.1:9"
    assert len(compile_policy(contract).operations) == 2
    assert "$.paths['/b'].post" in (tmp_path / "contract/overlay.yaml").read_text()


def test_an_app_is_asked_itself(run, tmp_path):
    """A FastAPI app, from where it is imported."""
    (tmp_path / "shop.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/items/{item_id}')\ndef read(item_id: int):\n    return {}\n"
    )
    result = run("--app", "shop:app")
    assert result.exit_code == 0, result.output
    assert [o.path for o in load(tmp_path / "contract").apis[0].operations] == ["/items/{item_id}"]


def test_a_description_in_the_folder_is_used_as_it_is(run, tmp_path):
    """It is not copied over itself."""
    result = run("--openapi", "source.json", folder=".")
    assert result.exit_code == 0, result.output
    assert load(tmp_path).config.api["api"].openapi == "source.json"


def test_nothing_is_overwritten_without_force(run, tmp_path):
    """The second run names what is there; `--force` replaces it."""
    assert run("--openapi", "source.json").exit_code == 0
    (tmp_path / "contract/yett.toml").write_text("mine")
    result = run("--openapi", "source.json")
    assert result.exit_code == 2
    assert "already there" in result.output
    assert "hint: `--force`" in result.output
    assert (tmp_path / "contract/yett.toml").read_text() == "mine"
    assert run("--openapi", "source.json", "--force").exit_code == 0


def test_a_wrong_setting_writes_nothing(run, tmp_path):
    """So that the second try needs no `--force`; a slash behind the upstream is no mistake."""
    result = run("--openapi", "source.json", "--upstream", "http://x/api")
    assert result.exit_code == 2
    assert result.output.startswith("`http://x/api` is not an upstream\nhint: write `http://host")
    assert not (tmp_path / "contract").exists()
    assert run("--openapi", "source.json", "--upstream", "http://127.0.0.1:9/").exit_code == 0
    assert load(tmp_path / "contract").config.api["api"].upstream == "http://127.0.0.1:9"


def uncommented(text):
    """Do what the draft says: take the `#` away before actions, and the `[]`."""
    text = text.replace("actions: []", "actions:")
    return "\n".join(
        line.removeprefix("#") if line.startswith("#  ") and "portal" not in line else line
        for line in text.partition("# Some operations")[2].splitlines()
    )


@pytest.mark.parametrize("schemes", [(), ("OAuth 2", "Key")])
def test_the_draft_closes_what_is_open(run, tmp_path, schemes):
    """Uncommented, it says for every operation who may call it, by the document's own schemes."""
    declared = {name: {"type": "http", "scheme": "bearer"} for name in schemes}
    document = {**DOCUMENT, "components": {"securitySchemes": declared}}
    (tmp_path / "source.json").write_text(json.dumps(document))
    assert run("--openapi", "source.json").exit_code == 0
    path = tmp_path / "contract/overlay.yaml"
    head = path.read_text().partition("# Some operations")[0]
    path.write_text(head + "#" + uncommented(path.read_text()))
    operations = load(tmp_path / "contract").apis[0].operations
    names = {
        need.scheme.name for o in operations for alternative in o.security for need in alternative
    }
    assert names == set(schemes or ("token", "key"))
    assert [o.settings.public for o in operations] == [True, True]


def test_a_changed_app_updates_the_description_alone(run, tmp_path):
    """`--update` keeps the settings and the overlay, under whatever name the file has."""
    folder = tmp_path / "contract"
    assert run("--openapi", "source.json").exit_code == 0
    (folder / "openapi.json").rename(folder / "api.json")
    settings = (folder / "yett.toml").read_text().replace("openapi.json", "api.json")
    (folder / "yett.toml").write_text(settings)
    (folder / "overlay.yaml").write_text("overlay: 1.0.0\ninfo: {}\nactions: []\n")
    changed = {**DOCUMENT, "paths": {"/c": {"get": {}}}}
    (tmp_path / "source.json").write_text(json.dumps(changed))
    result = run("--openapi", "source.json", "--update")
    assert result.exit_code == 0, result.output
    assert [o.path for o in load(folder).apis[0].operations] == ["/c"]
    assert (folder / "yett.toml").read_text() == settings
    assert len((folder / "overlay.yaml").read_text().splitlines()) == 3
    assert not (folder / "openapi.json").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--force",), "`--update` keeps the settings"),
        (("--upstream", "http://x"), "`--update` keeps the settings"),
        ((), "contract/yett.toml` to keep"),
    ],
)
def test_an_update_needs_something_to_keep(run, options, words):
    """Options that contradict it are refused."""
    result = run("--openapi", "source.json", "--update", *options)
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize("name", ["shop/main.py:app", "./shop/main.py:app", "shop/main:app"])
def test_a_file_is_not_a_module(run, name):
    """The hint has the module that was meant."""
    assert "hint: a module, not a file: `shop.main:app`" in run("--app", name).output


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ((), 2, "say where the OpenAPI description is"),
        (("--openapi", "a", "--app", "b"), 2, "say where"),
        (("--openapi", "nope.json"), 2, "no such file"),
        (("--openapi", "http://127.0.0.1:1/o.json"), 3, "cannot be read"),
        (("--app", "nope:app"), 3, "gives no description"),
        (("--openapi", "source.json", "--upstream", "ftp://x"), 2, "is not an upstream"),
        (("--openapi", "source.json", "--name", "A B"), 2, "cannot name an api"),
    ],
)
def test_wrong_input_is_named(run, options, code, words):
    """A code and words, never a stack trace."""
    result = run(*options)
    assert result.exit_code == code, result.output
    assert words in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("text", ["<html>docs</html>", '{"paths": {}}', "[]"])
def test_another_page_is_no_description(run, tmp_path, text):
    """The address of the documentation instead of the document: nothing is written."""
    (tmp_path / "page.yaml").write_text(text)
    result = run("--openapi", "page.yaml")
    assert result.exit_code == 2
    assert "`page.yaml` is no OpenAPI description\nhint: name the JSON or YAML" in result.output
    assert not (tmp_path / "contract").exists()


def test_text_that_is_no_document_writes_nothing(run, tmp_path):
    """The mistake is named before a file is made."""
    (tmp_path / "broken.json").write_text("{")
    assert run("--openapi", "broken.json").exit_code == 2
    assert not (tmp_path / "contract").exists()


def test_a_team_without_an_identity_provider_is_its_own(run, tmp_path):
    """With `--issuer` the first person is one command away, and the next line says which."""
    result = run("--openapi", "source.json", "--issuer")
    assert "people: yett -C contract user add ada@example.com --role admin" in result.output
    made = CliRunner().invoke(main, ["-C", "contract", "user", "add", "ada", "--role", "admin"])
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("http://localhost:8080/auth/enrol#")
    words = ("-C", "contract", "service", "add", "bill", "--owner", "ada", "--role", "admin")
    assert CliRunner().invoke(main, words).exit_code == 0
    assert run("--openapi", "source.json", "--update", "--issuer").exit_code == 2


def test_the_first_administrator_may_do_what_the_description_names(run, tmp_path):
    """The scopes of its operations stand in the role; else the first sign-in would open nothing."""
    flow = {"tokenUrl": "https://a.example/token", "scopes": {"b:c": "c", "a:read": "a"}}
    schemes = {"o": {"type": "oauth2", "flows": {"clientCredentials": flow}}}
    asked = {"get": {"security": [{"o": ["b:c"]}], "responses": {}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "components": {"securitySchemes": schemes},
        "security": [{"o": ["a:read"]}],
        "paths": {"/a": asked, "/b": {"post": {"responses": {}}, "parameters": []}},
    }
    (tmp_path / "scoped.json").write_text(json.dumps(document))
    assert run("--openapi", "scoped.json", "--issuer").exit_code == 0
    roles = load(tmp_path / "contract").config.vocabulary.roles
    assert {name: sorted(scopes) for name, scopes in roles.items()} == {"admin": ["a:read", "b:c"]}
