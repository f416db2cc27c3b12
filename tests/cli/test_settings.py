"""What commands read of a yett.toml that may be broken elsewhere."""

from __future__ import annotations

import pytest

from yett.cli.settings import named_path, read_as, read_table
from yett.contract.config import StoreConfig


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "var/ledger"),
        ("[store]\n", "var/ledger"),
        ('[store]\nledger = "led"\nnonsense = 1\n[gateway]\nlisten = 5\n', "led"),
        ('[store]\nledger = "/srv/led"\n', "/srv/led"),
    ],
)
def test_a_file_is_found_whatever_else_is_wrong(tmp_path, text, path):
    """Only the setting that was asked for must be right; a relative path begins at the folder."""
    (tmp_path / "yett.toml").write_text(text)
    assert named_path(tmp_path, "store", "ledger", "var/ledger") == tmp_path / path


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "no such file or directory\nhint: `-C DIR`"),
        (b"[store\n", "hint: `yett check` says more"),
        (b"\xff", "is not UTF-8\nhint: "),
        (b"store = 5\n", "`store` is no table\nhint: "),
        (b"[store]\nledger = 5\n", "`store.ledger` names no file\nhint: "),
        (b'[store]\nledger = ""\n', "`store.ledger` names no file\nhint: "),
    ],
)
def test_what_leads_nowhere_is_said(tmp_path, capsys, data, says):
    """Exit 2 with the path, the reason and a next step, in no words of Python's own."""
    if data is not None:
        (tmp_path / "yett.toml").write_bytes(data)
    with pytest.raises(SystemExit) as ended:
        named_path(tmp_path, "store", "ledger", "var/ledger")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path / 'yett.toml'}: ")
    assert says in said
    assert "object has no" not in said


def test_an_absent_table_is_empty(tmp_path):
    """Nobody need write a table whose settings have defaults."""
    (tmp_path / "yett.toml").write_text("[store]\n")
    assert read_table(tmp_path, "authz") == {}


def test_a_table_is_read_as_its_settings(tmp_path, capsys):
    """Defaults are filled in; what is no setting is named."""
    path = tmp_path / "yett.toml"
    path.write_text('[store]\naccounts = "sqlite:///a.db"\n')
    assert read_as(tmp_path, "store", StoreConfig) == StoreConfig(accounts="sqlite:///a.db")
    path.write_text("[store]\naccounts = 5\n")
    with pytest.raises(SystemExit):
        read_as(tmp_path, "store", StoreConfig)
    assert "[store]: Expected `str`" in capsys.readouterr().err
