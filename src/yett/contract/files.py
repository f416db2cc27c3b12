"""Reads the files of a contract, bounded; only this and `contract/shelf.py` touch the disk here."""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from yett.contract.document import Document, is_yaml, known_document, read_document
from yett.contract.kept import WORTH_KEEPING_BYTES
from yett.contract.report import refuse
from yett.contract.rules import DOCUMENT_FILE, POLICY_FILE, Rule
from yett.contract.shelf import own_shelf

MAX_FILE_BYTES = 64 << 20
POLICIES_NAME = "policies"


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

    def policy_names(self, most: int) -> list[str]:
        """List what looks like a Cedar file in `policies`, also what will not be read.

        Names are relative to the contract folder, sorted; at most `most` and one.

        Raises:
            ContractError: `policies` is there and is no folder that can be listed.
        """
        try:
            found = sorted(islice(_cedar_files(self.folder / POLICIES_NAME), most + 1))
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"cannot be read: {(error.strerror or 'unknown').lower()}"
            refuse(POLICY_FILE, message, self.path(POLICIES_NAME))
        return [path.relative_to(self.folder).as_posix() for path in found]

    def leaves(self, name: str) -> bool:
        """Whether a name is a link that leads out of the contract folder (CWE-59)."""
        try:
            return not (self.folder / name).resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError):  # a link that leads to itself
            return True

    def read(self, name: str, rule: Rule = DOCUMENT_FILE, *, most: int = 0) -> bytes:
        """Return the bytes of a file.

        Raises:
            ContractError: it is absent, no regular file, unreadable or over `most` bytes (0:
                `MAX_FILE_BYTES`).
        """
        data = read_bounded(self.folder / name, rule, most=most)
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


def policy_paths(folder: Path) -> list[Path]:
    """List the Cedar files of a contract folder for who watches them; none when it has none."""
    try:
        return sorted(_cedar_files(folder / POLICIES_NAME))
    except OSError:
        return []


def _cedar_files(folder: Path) -> Iterator[Path]:
    """Yield Cedar files in a folder and those below; not where a name begins with a dot.

    Editors keep locks and drafts under such names, and a mounted ConfigMap its older versions.
    """
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if _like_cedar(path.name.lower()):
            yield path
        elif path.is_dir() and not path.is_symlink():
            yield from _cedar_files(path)


def _like_cedar(name: str) -> bool:
    """Whether a name ends as a Cedar file's, or in a slip of it: `.ceder`, `.cedar.txt`."""
    if name.endswith((".cedar", ".cedar.txt")):
        return True
    end = name.rpartition(".")[2]  # `cedar~` is an editor's copy
    return end.isalpha() and bool(difflib.get_close_matches(end, ("cedar",), 1, 0.7))


def read_bounded(path: Path, rule: Rule = DOCUMENT_FILE, *, most: int = 0) -> bytes:
    """Return the bytes of a regular file of at most `most` bytes, 0 for `MAX_FILE_BYTES`.

    Raises:
        ContractError: with the reason.
    """
    most = most or MAX_FILE_BYTES
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                refuse(rule, "not a regular file", str(path))
            data = file.read(most + 1)
    except FileNotFoundError:
        settings = path.name == "yett.toml"
        hint = "`yett init` writes a contract folder, `-C DIR` names one" if settings else ""
        refuse(rule, "no such file", str(path), hint=hint)
    except OSError as error:
        refuse(rule, f"cannot be read: {(error.strerror or 'unknown').lower()}", str(path))
    except ValueError:
        refuse(rule, "not a file name", str(path))
    if len(data) > most:
        refuse(rule, f"larger than {most >> 20} MiB", str(path))
    return data


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a named pipe that nobody writes would hang `yett check` for ever."""
    return os.open(path, flags | os.O_NONBLOCK)
