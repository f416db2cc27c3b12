"""The docs say what the code says: generated pages, headings, links, README commands."""

from __future__ import annotations

import importlib.util
import re
import shlex

import click
import pytest
from msgspec import structs

from yett.contract import config, identity_settings
from yett.contract.lint import RULES
from yett.contract.model import Settings
from yett.policy.rules import COMPILING
from yett.problems import KINDS

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def generator(root):
    spec = importlib.util.spec_from_file_location("docs_generate", root / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(generator):
    return {
        " ".join(path): command
        for path, command in generator.walk(generator.yett_command, ("yett",))
    }


def test_generated_pages_are_current(generator):
    """What `python3 dev.py docs` would write is what is there."""
    assert generator.stale() == []


def test_each_problem_has_its_heading_and_advice(root, generator):
    """Where a problem's `type` leads, there is a heading with its code and something to do."""
    page = (root / "docs/reference/problems.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"\n## {kind.code}\n" in page
    assert set(generator.ADVICE) == {kind.code for kind in KINDS}


def test_each_rule_has_its_heading_and_row(root):
    """The page of lint rules has one heading and one row for each rule, and none for a rule gone."""
    page = (root / "docs/reference/lint.md").read_text(encoding="utf-8")
    rules = (*RULES, *COMPILING)
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [rule.id for rule in rules]
    for rule in rules:
        assert f"| [`{rule.id}`](#{rule.id}) | {rule.severity} | {rule.summary} |\n" in page
        assert f"\n## {rule.id}\n\n*{rule.severity}*: " in page


def test_each_command_shows_an_example(generator):
    """`--help` of everything that can be run has an example that names it."""
    for path, command in commands(generator).items():
        if isinstance(command, click.Group) and not command.invoke_without_command:
            continue
        context = click.Context(command, info_name=path)
        text = " ".join(command.get_help(context).split())
        assert "Example" in text, f"`{path} --help` shows no example"
        assert path.split(" ", 1)[1] in text.split("Example", 1)[1], f"`{path}`: another example"


def test_each_option_says_what_it_does(generator):
    """No option without a help text."""
    for path, command in commands(generator).items():
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"`{path} {option.opts[0]}` says nothing"


def _tables():
    """Every table of yett.toml."""
    both = vars(config) | vars(identity_settings)
    return [value for name, value in both.items() if name.endswith("Config")]


def _places(name):
    """How a page names a setting: alone, in its table, or as the heading of a table of its own."""
    return f"`{name}`", f".{name}`", f".{name}]`", f".{name}]]`"


def test_each_setting_has_its_place_in_the_docs(root):
    """Each key of yett.toml is on the page of settings."""
    page = (root / "docs/reference/config.md").read_text(encoding="utf-8")
    tables = _tables()
    missing = {
        f"{table.__name__}.{field.encode_name}"
        for table in tables
        for field in structs.fields(table)
        if not any(place in page for place in _places(field.encode_name))
    }
    assert not missing


# Refused by `contract.config_checks` until something uses them.
NOT_USED_YET = {"ApiConfig.graphql"}


def test_each_setting_has_an_effect(sources, root):
    """A setting that nothing outside `contract` reads would be a control that is not there."""
    read = {
        word
        for path, text in sources.items()
        if "contract" not in path.relative_to(root / "src/yett").parts
        for word in re.findall(r"\.([a-z_]+)\b", text)
    }
    tables = _tables()
    settings = {
        f"{table.__name__}.{field.name}": field.name
        for table in (*tables, Settings)
        for field in structs.fields(table)
    }
    assert {name for name, field in settings.items() if field not in read} <= NOT_USED_YET


def test_each_extension_has_its_place_in_the_docs(root):
    """Each key of `x-yett` is on the page of extensions."""
    page = (root / "docs/reference/extensions.md").read_text(encoding="utf-8")
    missing = {
        field.name
        for field in structs.fields(Settings)
        if field.name != "extra" and f"`{field.name}`" not in page
    }
    assert not missing


def test_decisions_have_a_number_and_a_state(root):
    """Each decision is `NNNN: a sentence` with its state below, numbered without a gap."""
    pages = sorted((root / "docs/adr").glob("*.md"))
    for number, page in enumerate(pages, 1):
        lines = page.read_text(encoding="utf-8").splitlines()
        assert page.name.startswith(f"{number:04}-")
        assert lines[0].startswith(f"# {number:04}: "), page.name
        assert re.match(r"\*\*Status\*\* (proposed|accepted|superseded)", lines[2]), page.name


def test_links_lead_somewhere(root):
    """Each relative link of README and docs leads to a file that is there."""
    pages = [
        root / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
    ]
    pages += sorted((root / "docs").rglob("*.md")) + sorted((root / "examples").rglob("*.md"))
    for page in pages:
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.relative_to(root)}: {target}"


def test_readme_is_short_and_its_commands_exist(root, generator):
    """README has at most 120 lines, and each `yett` or `dev.py` command in it can be run."""
    text = (root / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 120
    known = commands(generator)
    words = (root / "dev.py").read_text(encoding="utf-8")
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            parts = shlex.split(line.removeprefix("$ "), comments=True)
            if parts[:2] == ["python3", "dev.py"]:
                assert f'"{parts[2]}": Command(' in words, line
            if parts[:1] == ["yett"]:
                plain = [part for part in parts[1:] if not part.startswith("-")]
                assert any(f"yett {part}" in known for part in plain), line


def test_conformance_names_tests_that_exist(root):
    """Each test file in a conformance table is there; one without folder shares that before it."""
    for page in sorted((root / "docs/conformance").glob("*.md")):
        rows = (r for r in page.read_text(encoding="utf-8").splitlines() if r.startswith("| "))
        for line in rows:
            folder = ""
            for name in re.findall(r"[\w/]+\.py", line.removesuffix("|").rpartition("|")[2]):
                folder = name.rpartition("/")[0] or folder
                path = root / "tests" / folder / name.rpartition("/")[2]
                assert path.exists(), f"{page.name}: {name}"


def test_the_index_leads_to_every_page(root):
    """No page of the docs is an orphan; decisions are listed by their folder."""
    index = (root / "docs/index.md").read_text(encoding="utf-8")
    for page in (root / "docs").rglob("*.md"):
        name = page.relative_to(root / "docs").as_posix()
        assert name == "index.md" or name.startswith("adr/") or f"({name})" in index, name
