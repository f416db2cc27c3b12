"""An issuer with a directory, which keeps accounts there by SCIM."""

from __future__ import annotations

import pytest
from kit.accounts import account_store, postgresql_url
from kit.directory import Directory, scim_lives

__all__ = ["account_store", "postgresql_url"]


@pytest.fixture
def lives(tmp_path):
    made = scim_lives(tmp_path)
    yield made
    made.server.store.close()


@pytest.fixture
def directory(lives):
    return Directory(lives)
