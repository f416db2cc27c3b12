"""The store of accounts on SQLite and on PostgreSQL."""

from __future__ import annotations

from kit.accounts import account_store, postgresql_url

__all__ = ["account_store", "postgresql_url"]
