"""`-C DIR`, before and behind a command's name."""

import pytest
from click.testing import CliRunner

from yett.cli.__main__ import main

CONTRACT = """\
[api.a]
openapi = "openapi.json"
upstream = "http://127.0.0.1:1"
[identity]
keys = "keys.json"
[store]
ledger = "led"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "yett.toml").write_text(CONTRACT)
    return tmp_path


@pytest.mark.parametrize("words", [("key", "list"), ("audit", "search"), ("check",)])
def test_every_place_means_the_same(folder, words):
    """`yett -C DIR key list`, `yett key -C DIR list` and `yett key list -C DIR` are one command."""
    answers = set()
    for at in range(len(words) + 1):
        line = [*words[:at], "-C", str(folder), *words[at:]]
        result = CliRunner().invoke(main, line)
        answers.add((result.exit_code, result.output))
    assert len(answers) == 1
    assert "led: there is no ledger" in result.output or words[0] != "audit"
    assert "-C" not in result.output.replace("`-C DIR`", "")


def test_the_nearest_to_the_end_counts(folder, tmp_path):
    """A folder chosen twice is the last one."""
    other = tmp_path / "other"
    result = CliRunner().invoke(main, ["-C", str(other), "key", "list", "-C", str(folder)])
    assert result.exit_code == 0
    result = CliRunner().invoke(main, ["-C", str(folder), "key", "list", "-C", str(other)])
    assert result.exit_code == 2
    assert f"{other}/yett.toml" in result.output


def test_without_it_the_current_folder_is_meant(folder, monkeypatch):
    """`yett check` in a contract folder needs no option."""
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(main, ["key", "list"]).exit_code == 0
