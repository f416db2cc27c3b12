"""Where `yett token` finds the store and what the gate would judge a credential by.

Reads the tables of yett.toml it needs and nothing else, so that a token can be revoked while the
rest of a contract is broken. The store is made where there is none: gates take it up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yett.cli.failing import fail
from yett.cli.settings import read_as
from yett.contract.config import Config, StoreConfig
from yett.contract.identity_settings import IdentityConfig
from yett.state.accounts import AccountStore
from yett.state.errors import StateError


def settings_of(folder: Path) -> Config:
    """Read `[identity]` and `[store]` of a folder; what is wrong with them ends the command."""
    identity = read_as(folder, "identity", IdentityConfig)
    return Config(api={}, identity=identity, store=read_as(folder, "store", StoreConfig))


@contextmanager
def opened_store(folder: Path) -> Iterator[AccountStore]:
    """Open the store of a contract folder, making it where there is none."""
    try:
        store = AccountStore(settings_of(folder).store.accounts, folder)
        store.prepare()
    except StateError as error:
        fail(3, str(error), error.hint)
    try:
        yield store
    except StateError as error:
        fail(2, str(error), error.hint)
    finally:
        store.close()
