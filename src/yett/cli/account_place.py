"""Where commands about accounts find the issuer: its store, its URL, the vocabulary.

Reads the three tables of yett.toml it needs and nothing else, so that a client or a person can be
disabled while the rest of a contract is broken.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yett.cli.failing import fail
from yett.cli.settings import read_as
from yett.contract.config import Config, StoreConfig, VocabularyConfig
from yett.contract.identity_settings import IdentityConfig
from yett.issuer.server import Server
from yett.state.errors import StateError


@contextmanager
def opened(folder: Path) -> Iterator[Server]:
    """Open the issuer of a contract folder; what goes wrong ends the command, in words."""
    identity = read_as(folder, "identity", IdentityConfig)
    if identity.builtin is None:
        message = f"{folder / 'yett.toml'}: there is no [identity.builtin]"
        fail(2, message, "add it with `url` and `audience`, as `yett init --issuer` would")
    config = Config(
        api={},
        identity=identity,
        vocabulary=read_as(folder, "vocabulary", VocabularyConfig),
        store=read_as(folder, "store", StoreConfig),
    )
    server = _open(config, folder)
    try:
        yield server
    except StateError as error:
        fail(2, str(error), error.hint)
    finally:
        server.store.close()


def operator() -> str:
    """Say who runs the command, for the record: `cli:NAME`."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user that has no name
        return f"cli:{os.getuid()}"


def _open(config: Config, folder: Path) -> Server:
    try:
        server = Server(config, folder)
        server.store.prepare()
    except StateError as error:
        fail(3, str(error), error.hint)
    return server
