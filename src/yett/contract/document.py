"""Bytes of a JSON or YAML file become a value, with a source that finds lines later.

Pure: `contract.load` reads the files and lends the text again when a line is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from msgspec import Struct

from yett.contract.errors import ContractError
from yett.contract.extension_places import mentions
from yett.contract.json_lines import JsonLines
from yett.contract.json_text import read_json
from yett.contract.places import Locator, Source
from yett.contract.report import refuse
from yett.contract.rules import DOCUMENT_ENCODING, DOCUMENT_SYNTAX
from yett.contract.yaml_lines import YamlLines
from yett.contract.yaml_text import read_yaml

_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")


class Document(Struct, frozen=True):
    """A parsed file.

    Args:
        locator: answers where a value is written.
        extended: whether the text may hold a `x-yett` key.
    """

    value: Any
    path: str
    locator: Locator
    extended: bool

    @property
    def source(self) -> Source:
        """The root's place."""
        return Source(self.path, locator=self.locator)


def read_document(data: bytes, path: str, again: Callable[[], bytes]) -> Document:
    """Parse a file.

    Args:
        data: its bytes, UTF-8.
        path: as the user named it; `.json` is JSON, anything else JSON or YAML.
        again: lends the same bytes later, or nothing when they have changed.

    Raises:
        ContractError: with the line.
    """
    _check_encoding(data, path)
    value, is_json = _parse(data.removeprefix(_BOM), path)
    locator: Locator
    if is_json:
        locator = JsonLines(path, lambda: again().removeprefix(_BOM))
    else:
        locator = YamlLines(path, lambda: again().decode("utf-8-sig"))
    return Document(value, path, locator, mentions(data))


def is_yaml(data: bytes, path: str) -> bool:
    """Tell whether reading takes the slow way, whose result is worth keeping."""
    return PurePath(path).suffix != ".json" and not data.lstrip().startswith((b"{", b"["))


def known_document(value: Any, data: bytes, path: str, again: Callable[[], bytes]) -> Document:
    """Return a YAML document whose value was kept from an earlier reading."""
    locator = YamlLines(path, lambda: again().decode("utf-8-sig"))
    return Document(value, path, locator, mentions(data))


def _parse(data: bytes, path: str) -> tuple[Any, bool]:
    if not data.strip():
        refuse(DOCUMENT_SYNTAX, "the file is empty", path)
    suffix = PurePath(path).suffix.lower()
    if suffix == ".json":
        return _json(data, path), True
    if not is_yaml(data, path):  # JSON by the look of it; YAML's flow style looks the same
        try:
            return _json(data, path), True
        except ContractError:
            if suffix not in (".yaml", ".yml"):
                raise
    return read_yaml(_decode(data, path), path), False


def _json(data: bytes, path: str) -> Any:
    try:
        return read_json(data, path)
    except ContractError:
        _decode(data, path)  # names the encoding when that is the cause
        raise


def _check_encoding(data: bytes, path: str) -> None:
    if data.startswith(_WIDE):
        refuse(DOCUMENT_ENCODING, "the file is not UTF-8", path, 1, hint="save it as UTF-8")
    if data.startswith(b"\x1f\x8b"):
        refuse(DOCUMENT_ENCODING, "the file is compressed", path, hint="unpack it with `gunzip`")


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(DOCUMENT_ENCODING, "the file is not UTF-8", path, line, hint="save it as UTF-8")
