"""The file of API keys: read by the gate, changed by `yett key`; holds digests, never a key.

Changes are made under a lock, written to a new file with mode 0600 and renamed over the old one, so
a reader sees the whole old or the whole new file and two commands at once lose nothing.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from yett.credentials.api_key import (
    ALPHABET,
    ID_CHARS,
    LABEL,
    SECRET_CHARS,
    KeyBook,
    KeyRecord,
    KeyRecordError,
    build_key,
    digest_of,
    hold,
)
from yett.state.errors import StateError
from yett.state.whole_file import PRIVATE, replace_file

VERSION = 1
Records = tuple[KeyRecord, ...]


class KeyFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as JSON: `{"version": 1, "keys": [...]}`."""

    version: int = VERSION
    keys: Records = ()


def read_records(raw: bytes) -> Records:
    """Read the file's records.

    Raises:
        StateError: not such a file, or a record that cannot be used.
    """
    try:
        found = msgspec.json.decode(raw, type=KeyFile)
        hold(found.keys)
    except msgspec.DecodeError as error:
        raise StateError(f"is not a file of API keys: {error}") from error
    except KeyRecordError as error:
        raise StateError(error.message) from error
    if found.version != VERSION:
        raise StateError(f"has version {found.version}; this yett reads version {VERSION}")
    return found.keys


def read_book(raw: bytes) -> KeyBook:
    """Read the file for verifying; errors as in `read_records`."""
    return hold(read_records(raw))


def load_records(path: Path) -> Records:
    """Read the records of a file, none when it does not exist yet."""
    try:
        return read_records(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StateError(f"cannot be read: {error.strerror}", path=str(path)) from error
    except StateError as error:
        raise StateError(error.message, path=str(path)) from error


def make_key(record: KeyRecord) -> tuple[str, KeyRecord]:
    """Make a fresh key for a draft record; returns the key, shown once, and what is kept.

    Raises:
        StateError: `env` or `kind` is not a short lower-case word.
    """
    for label in (record.env, record.kind):
        if not LABEL.fullmatch(label):
            raise StateError(
                f"`{label}` cannot be part of a key", hint="use a short lower-case word"
            )
    key = build_key(record.env, record.kind, _random(ID_CHARS), _random(SECRET_CHARS))
    id_ = key.split("_")[3]
    return key, msgspec.structs.replace(record, id=id_, digest=digest_of(key.encode()))


def change(path: Path, edit: Callable[[Records], Records]) -> None:
    """Replace the records of a file by what `edit` makes of them.

    Raises:
        StateError: the file cannot be read or written, or the result could not be read again.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            raw = msgspec.json.encode(KeyFile(VERSION, edit(load_records(path))))
            read_records(raw)
            replace_file(path, msgspec.json.format(raw, indent=1) + b"\n", PRIVATE)
    except OSError as error:
        raise StateError(f"cannot be written: {error.strerror}", path=str(path)) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with (path.parent / f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
