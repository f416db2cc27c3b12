"""Where `yett token` looks: three tables, and a store that it may make."""

from __future__ import annotations

import pytest

from yett.cli.token_place import opened_store, settings_of


def test_the_rest_may_be_broken(tmp_path):
    """A token can be revoked while a contract does not load."""
    text = '[api.shop]\nnonsense = 1\n[store]\naccounts = "sqlite:///a.db"\n'
    (tmp_path / "yett.toml").write_text(text)
    assert settings_of(tmp_path).store.accounts == "sqlite:///a.db"
    with opened_store(tmp_path) as store:
        assert store.path == tmp_path / "a.db"
    assert (tmp_path / "a.db").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[store]\naccounts = 5\n", 2),
        ("[identity]\nnonsense = 1\n", 2),
        ('[store]\naccounts = "mysql://x"\n', 3),
        ("[store", 2),
    ],
)
def test_what_is_wrong_ends_it_in_words(tmp_path, text, code, capsys):
    """No stack trace, an exit code, a next step."""
    (tmp_path / "yett.toml").write_text(text)
    with pytest.raises(SystemExit) as ended, opened_store(tmp_path):
        pass
    assert ended.value.code == code
    assert "hint:" in capsys.readouterr().err
