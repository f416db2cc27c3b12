"""What a command reads of yett.toml when it needs no valid contract: where one of its files lies.

The rest may be broken: a key is revoked, the ledger asked and a request cancelled all the same. It
checks nothing that it was not asked for; `contract.config` reads the whole.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from yett.cli.failing import fail

T = TypeVar("T")

SAYS_MORE = "`yett check` says more"


def read_table(folder: Path, name: str) -> dict[str, Any]:
    """Return a table of a folder's yett.toml, empty when it has none; end with 2 when it cannot."""
    path = folder / "yett.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get(name, {})
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fail(2, f"{path}: {reason}", "`-C DIR` names the contract folder")
    except UnicodeDecodeError:
        fail(2, f"{path}: is not UTF-8", SAYS_MORE)
    except tomllib.TOMLDecodeError as error:
        fail(2, f"{path}: {error}", SAYS_MORE)
    if not isinstance(table, dict):
        fail(2, f"{path}: `{name}` is no table", SAYS_MORE)
    return table


def read_as(folder: Path, name: str, form: type[T]) -> T:
    """Return a table of a folder's yett.toml as settings; what is wrong with it ends with 2."""
    value = read_table(folder, name)
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        fail(2, f"{folder / 'yett.toml'}: [{name}]: {error}", SAYS_MORE)


def named_path(folder: Path, table: str, key: str, default: str) -> Path:
    """Return the file or folder that a setting names; what is no text or empty ends with 2."""
    name = read_table(folder, table).get(key, default)
    if not isinstance(name, str) or not name:
        fail(2, f"{folder / 'yett.toml'}: `{table}.{key}` names no file", SAYS_MORE)
    return folder / name
