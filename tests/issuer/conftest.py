"""An issuer in a folder, with somebody who may sign in."""

from __future__ import annotations

from kit.accounts import account_store, person, postgresql_url, server

__all__ = ["account_store", "person", "postgresql_url", "server"]
