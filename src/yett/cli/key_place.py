"""Where `yett key` finds its file, and which scopes and roles the contract knows.

Reads the two tables of yett.toml it needs and nothing else, so that a key can be revoked while the
rest of a contract is broken.
"""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from msgspec import Struct

from yett.state.errors import StateError


class Place(Struct, frozen=True):
    """The file of keys, and the scopes and roles of the vocabulary, none when it lists none."""

    path: Path
    scopes: tuple[str, ...]
    roles: tuple[str, ...]


def find_place(folder: Path) -> Place:
    """Find the file of keys of a contract folder; the rest of yett.toml need not be right."""
    settings = folder / "yett.toml"
    try:
        config = tomllib.loads(settings.read_text(encoding="utf-8"))
        name = config.get("identity", {}).get("keys", "")
        words = config.get("vocabulary", {})
        scopes, roles = tuple(words.get("scopes", ())), tuple(words.get("roles", ()))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fail(2, f"{settings}: {reason}", "`-C DIR` names the contract folder")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, TypeError) as error:
        fail(2, f"{settings}: {error}", "`yett check` says more")
    if not isinstance(name, str) or not name:
        fail(
            2, f"{settings}: no file of API keys is named", 'write keys = "keys.json" in [identity]'
        )
    return Place(folder / name, scopes, roles)


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


def fail(code: int, message: str, hint: str = "") -> NoReturn:
    """Say what is wrong and leave."""
    click.echo(message, err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)
