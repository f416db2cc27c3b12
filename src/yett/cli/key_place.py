"""Where `yett key` finds its file, and which scopes and roles the contract knows.

Reads the two tables of yett.toml it needs and nothing else, so that a key can be revoked while the
rest of a contract is broken.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import Struct
from sqlalchemy import inspect

from yett.cli.failing import fail
from yett.cli.settings import SAYS_MORE, read_table
from yett.contract.config import StoreConfig
from yett.state.accounts import AccountStore
from yett.state.accounts.activity import last_uses
from yett.state.errors import StateError


class Place(Struct, frozen=True):
    """The contract folder, its file of keys, and the scopes and roles of the vocabulary, if any."""

    folder: Path
    path: Path
    scopes: tuple[str, ...]
    roles: tuple[str, ...]


def find_place(folder: Path) -> Place:
    """Find the file of keys of a contract folder; the rest of yett.toml need not be right."""
    settings = folder / "yett.toml"
    name, words = read_table(folder, "identity").get("keys"), read_table(folder, "vocabulary")
    if not isinstance(name, str) or not name:
        fail(
            2, f"{settings}: no file of API keys is named", 'write keys = "keys.json" in [identity]'
        )
    scopes, roles = words.get("scopes", {}), words.get("roles", {})
    if not isinstance(scopes, (dict, list)) or not isinstance(roles, (dict, list)):
        fail(2, f"{settings}: `vocabulary` lists no scopes or no roles", SAYS_MORE)
    return Place(folder, folder / name, tuple(scopes), tuple(roles))


def last_used(folder: Path, keys: tuple[str, ...]) -> dict[str, float]:
    """Return when keys were last used (unix seconds), as far as the store knows; makes none."""
    url = read_table(folder, "store").get("accounts", StoreConfig().accounts)
    if not isinstance(url, str):
        fail(2, f"{folder / 'yett.toml'}: `store.accounts` is no text", SAYS_MORE)
    store = AccountStore(url, folder)
    if store.path is not None and not store.path.exists():
        return {}
    try:
        with store.read() as tx:
            return last_uses(tx, keys) if inspect(tx).has_table("activity") else {}
    except StateError as error:
        click.echo(f"when keys were used is not known: {error}", err=True)
        return {}
    finally:
        store.close()


def known(words: tuple[str, ...], vocabulary: tuple[str, ...], what: str) -> None:
    """Refuse a word the vocabulary does not have, where there is one."""
    for word in words:
        if vocabulary and word not in vocabulary:
            near = difflib.get_close_matches(word, vocabulary, 1)
            hint = f"did you mean `{near[0]}`?" if near else "known: " + ", ".join(vocabulary)
            fail(2, f"the vocabulary has no {what} `{word}`", hint)


@contextmanager
def explained() -> Iterator[None]:
    """Turn this program's errors into a message, a hint and an exit code."""
    try:
        yield
    except StateError as error:
        fail(2, str(error), error.hint)
