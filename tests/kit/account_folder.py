"""A contract folder with an issuer, for commands about accounts."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from yett.cli.__main__ import main
from yett.cli.account_place import opened
from yett.state.accounts.users import add_user

TOML = """
[identity.builtin]
url = "https://api.example.com/auth"
audience = "https://api.example.com"
[vocabulary.scopes]
"orders:read" = "read orders"
"orders:write" = "change orders"
[vocabulary.roles]
clerk = ["orders:read"]
admin = ["orders:read", "orders:write"]
"""


@pytest.fixture
def accounts(tmp_path):
    """A folder whose store has one person, `ana`, an admin."""
    (tmp_path / "yett.toml").write_text(TOML)
    with opened(tmp_path) as server:
        server.store.write(lambda tx: add_user(tx, login="ana", roles=("admin",), now=1.0))
    return tmp_path


@pytest.fixture
def yett(accounts):
    """Run a command in the folder: `yett("service", "list")`."""

    def go(*words, code=0):
        done = CliRunner().invoke(main, ["-C", str(accounts), *words], standalone_mode=True)
        assert done.exit_code == code, done.output
        return done

    return go
