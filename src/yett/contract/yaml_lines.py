"""Lines of YAML values: the events are read a second time, and only when a line is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from yett.contract.places import nearest
from yett.contract.yaml_text import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yett.contract.places import Pointer, Tree

_VALUES = frozenset(
    (yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)
)


class YamlLines:
    """Locates values of one YAML text; see `places.Locator`.

    Args:
        path: the file as the user named it.
        read: lends the text, which has been parsed without a mistake.
    """

    def __init__(self, path: str, read: Callable[[], str]) -> None:
        self._path = path
        self._read = read
        self._tree: Tree | None = None

    def locate(self, pointer: Pointer) -> tuple[str, int]:
        """Return file and line of the value, or of its nearest ancestor."""
        if self._tree is None:
            self._tree = self._index()
        return self._path, nearest(self._tree, pointer)

    def _index(self) -> Tree:
        text = self._read()
        return _tree(events(text, self._path)) if text else (0, None)


def _tree(stream: Iterator[Any]) -> Tree:
    root: dict[str, Any] = {}
    stack: list[tuple[dict[str, Any], bool]] = [(root, False)]
    name: str | None = None
    line = 0
    for event in stream:
        kind = type(event)
        if kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            stack.pop()
            name = None
            continue
        if kind not in _VALUES:
            continue
        members, is_mapping = stack[-1]
        if is_mapping and name is None:
            name, line = event.value, event.start_mark.line + 1
            continue
        if not is_mapping:
            name, line = str(len(members)), event.start_mark.line + 1
        opens = kind is not yaml.ScalarEvent and kind is not yaml.AliasEvent
        inner: dict[str, Any] | None = {} if opens else None
        members[str(name)] = (line, inner)
        if inner is not None:
            stack.append((inner, kind is yaml.MappingStartEvent))
        name = None
    found: Tree = root.get("0", (0, None))
    return found
