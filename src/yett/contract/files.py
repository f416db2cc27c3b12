"""Reads the files of a contract, bounded; only this and `contract/shelf.py` touch the disk here."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from yett.contract.document import Document, is_yaml, known_document, read_document
from yett.contract.kept import WORTH_KEEPING_BYTES
from yett.contract.report import refuse
from yett.contract.rules import DOCUMENT_FILE, Rule
from yett.contract.shelf import own_shelf

MAX_FILE_BYTES = 64 << 20


class Files:
    """Reads the files of one contract folder, and sums them up in one digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sum = hashlib.sha256()
        self._shelf = own_shelf()

    @property
    def digest(self) -> str:
        """SHA-256 of all files read so far, hex."""
        return self._sum.hexdigest()

    def path(self, name: str) -> str:
        """Return the file as the user would name it from where they stand."""
        return str(self.folder / name)

    def read(self, name: str, rule: Rule = DOCUMENT_FILE) -> bytes:
        """Return the bytes of a file.

        Raises:
            ContractError: it is absent, no regular file, unreadable or over `MAX_FILE_BYTES`.
        """
        data = read_bounded(self.folder / name, rule)
        # Lengths before contents: two files cannot be cut another way with the same sum.
        self._sum.update(f"{len(name.encode())}:{name}{len(data)}:".encode())
        self._sum.update(data)
        return data

    def document(self, name: str) -> Document:
        """Return a parsed JSON or YAML file, from the shelf when its bytes are known."""
        data = self.read(name)
        path = self.path(name)
        digest = hashlib.sha256(data).hexdigest()

        def again() -> bytes:
            """Read for a line; nothing when the file has changed since."""
            try:
                text = (self.folder / name).read_bytes()
            except OSError:
                return b""
            return text if hashlib.sha256(text).hexdigest() == digest else b""

        if len(data) < WORTH_KEEPING_BYTES or not is_yaml(data, path):
            return read_document(data, path, again)
        value = self._shelf.find(digest)
        if value is not None:
            return known_document(value, data, path, again)
        document = read_document(data, path, again)
        self._shelf.keep(digest, document.value)
        return document


def read_bounded(path: Path, rule: Rule = DOCUMENT_FILE) -> bytes:
    """Return the bytes of a regular file of at most `MAX_FILE_BYTES`.

    Raises:
        ContractError: with the reason.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                refuse(rule, "not a regular file", str(path))
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        settings = path.name == "yett.toml"
        hint = "`yett init` writes a contract folder, `-C DIR` names one" if settings else ""
        refuse(rule, "no such file", str(path), hint=hint)
    except OSError as error:
        refuse(rule, f"cannot be read: {(error.strerror or 'unknown').lower()}", str(path))
    except ValueError:
        refuse(rule, "not a file name", str(path))
    if len(data) > MAX_FILE_BYTES:
        refuse(rule, f"larger than {MAX_FILE_BYTES >> 20} MiB", str(path))
    return data


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a named pipe that nobody writes would hang `yett check` for ever."""
    return os.open(path, flags | os.O_NONBLOCK)
