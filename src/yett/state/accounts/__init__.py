"""The store of accounts: users, passkeys, clients, grants, sessions, revocations.

Rows go in and frozen structs come out, one file per noun, each function within a transaction that
the caller holds. It knows no protocol: what OAuth, WebAuthn or SCIM make of a row is the issuer's.
"""

from __future__ import annotations

from yett.state.accounts.store import AccountStore

__all__ = ["AccountStore"]
