import tomllib

import pytest
import yaml

from yett.cli.drafts import overlay_draft, settings_draft
from yett.contract.report import Report
from yett.contract.toml import read_config


@pytest.mark.parametrize("openapi", ["openapi.json", 'a "quoted" \\ name.yaml', "é.yaml"])
def test_the_settings_are_valid_and_say_what_was_asked(openapi):
    """Whatever the file is called, yett.toml reads."""
    text = settings_draft("shop", openapi, "http://127.0.0.1:8000")
    config, _ = read_config(text.encode(), "yett.toml", Report())
    assert config.api["shop"].openapi == openapi


def test_what_is_commented_out_is_valid_too():
    """Taking away the comment signs of a part gives settings that read."""
    lines = settings_draft("shop", "o.json", "http://h").splitlines()
    start = lines.index("# [[identity.issuer]]")
    part = [line.removeprefix("# ") for line in lines[start : start + 4]]
    assert tomllib.loads("\n".join(part))["identity"]["issuer"][0]["algorithms"] == ["ES256"]


def test_a_team_without_an_issuer_has_one_in_its_draft():
    """What `--issuer` writes is what the comment says, and passes the checks of the contract."""
    text = settings_draft("shop", "o.json", "http://127.0.0.1:8000")
    lines = text.splitlines()
    start = lines.index("# [identity.builtin]")
    for at in range(start, start + 6):
        lines[at] = lines[at].removeprefix("#").removeprefix(" ")
    assert (
        settings_draft("shop", "o.json", "http://127.0.0.1:8000", issuer=True).splitlines() == lines
    )
    report = Report()
    config, _ = read_config("\n".join(lines).encode(), "yett.toml", report)
    assert config.identity.builtin.url == "http://localhost:8080/auth"
    assert [str(remark) for remark in report.remarks] == []


def test_the_overlay_is_an_overlay():
    """Without anything open it has no action."""
    assert yaml.safe_load(overlay_draft("o.json", ()))["actions"] == []


@pytest.mark.parametrize("path", ["/a/{id}", "/it's", 'a"b', "/a\\b"])
def test_what_is_open_has_a_draft_that_works(path):
    """Uncommented, the draft targets the operation."""
    import jsonpath_rfc9535  # noqa: PLC0415 — only this test needs it

    text = overlay_draft("o.json", ((path, "get"),))
    assert yaml.safe_load(text)["actions"] == []
    real = (
        text.replace("actions: []", "actions:")
        .replace("#  - ", "  - ")
        .replace("#    update", "    update")
    )
    *_, action = yaml.safe_load(real)["actions"]  # the first says what the others need
    assert action["update"] == {"x-yett": {"public": True}}
    (node,) = jsonpath_rfc9535.find(action["target"], {"paths": {path: {"get": 1}}})
    assert node.value == 1
