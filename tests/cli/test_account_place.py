"""Commands about accounts find the store though the rest of a contract is broken."""

from __future__ import annotations

from kit.account_folder import TOML, accounts, yett

from yett.cli import account_place

__all__ = ["accounts", "yett"]


def test_the_rest_of_the_contract_may_be_broken(yett, accounts):
    """An unknown key elsewhere, a file that is missing: a client can still be disabled."""
    (accounts / "yett.toml").write_text(TOML + '[gateway]\nnonsense = 1\n[api.x]\nopenapi = "no"\n')
    assert yett("service", "list").stdout == ""


def test_without_an_issuer_it_says_what_to_write(yett, accounts):
    """No `[identity.builtin]`: exit code 2, and what would write it."""
    (accounts / "yett.toml").write_text('[identity]\nkeys = "keys.json"\n')
    done = yett("service", "list", code=2)
    assert "there is no [identity.builtin]" in done.stderr
    assert "`yett init --issuer`" in done.stderr


def test_a_table_it_needs_must_be_right(yett, accounts):
    """A mistake in the tables that are read ends with 2 and names the table."""
    (accounts / "yett.toml").write_text(TOML + "[store]\naccounts = 7\n")
    assert "[store]" in yett("client", "list", code=2).stderr


def test_a_store_that_cannot_be_used_is_an_outside_failure(yett, accounts):
    """Exit code 3: the input was right, the world was not."""
    (accounts / "yett.toml").write_text(TOML + '[store]\naccounts = "mysql://x"\n')
    assert "is not a store of accounts" in yett("client", "list", code=3).stderr
    (accounts / "yett.toml").write_text(TOML + '[store]\naccounts = "sqlite:///yett.toml"\n')
    assert "the store of accounts" in yett("client", "list", code=3).stderr


def test_the_operator_has_a_name(monkeypatch):
    """The account's name; its number where a container has none for it."""
    assert account_place.operator().startswith("cli:")

    def nobody():
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert account_place.operator()[4:].isdigit()
