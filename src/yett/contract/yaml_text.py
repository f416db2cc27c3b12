"""YAML text with one reading: the JSON part of YAML 1.2, built from libyaml's events.

No object is ever made from a tag, no timestamp is read, only `true` and `false` are booleans (`no`
and `on` stay strings), `12:30` and `0777` stay strings because YAML 1.1 and 1.2 read them
differently, keys are the text as written, and aliases are copied within a bound (the "billion
laughs" of CWE-776). YAML 1.2.2 s10.3; merge keys (`<<`) as every OpenAPI tool reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from yett.contract.json_text import MAX_DEPTH
from yett.contract.report import refuse
from yett.contract.rules import (
    DOCUMENT_BOUNDS,
    DOCUMENT_DUPLICATE_KEY,
    DOCUMENT_ENCODING,
    DOCUMENT_SYNTAX,
    DOCUMENT_YAML,
    Rule,
)

MAX_NODES = 5_000_000  # GitHub's description, the largest known, has 640,000
MAX_ALIASED_NODES = 200_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Legal in JSON strings; libyaml refuses some and folds others as line breaks (YAML 1.1). They are
# carried through it as private characters: DocuSign's description has C1 characters.
_HIDDEN = "".join(map(chr, range(0x7F, 0xA0))) + "\u2028\u2029\ufeff"
_PRIVATE = "".join(chr(0x10FF00 + i) for i in range(len(_HIDDEN)))
_HIDE, _SHOW = str.maketrans(_HIDDEN, _PRIVATE), str.maketrans(_PRIVATE, _HIDDEN)
_HIDDEN_ANY = re.compile(f"[{re.escape(_HIDDEN)}]")
_PRIVATE_ANY = re.compile(f"[{_PRIVATE}]")

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_WORD = max(map(len, _WORDS))
_NUMBER_START = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})\Z")
_BASED = re.compile(r"0x[0-9a-fA-F]{1,64}\Z|0o[0-7]{1,64}\Z")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]{1,999}|(?:0|[1-9][0-9]{0,299})(?:\.[0-9]{0,999})?)(?:[eE][-+]?[0-9]{1,3})?\Z"
)

# libyaml says what it met; what to do about the commonest slips.
_SYNTAX_HINTS = (
    ("a tab", "indent with spaces"),
    ("mapping values are not allowed", "put a text that holds `: ` in quotes"),
    ("did not find expected key", "compare the indentation with the lines before; is a `[]` left?"),
    ("did not find expected ','", "put a text that holds `{`, `[` or `,` in quotes"),
    ("cannot start any token", "put a text that begins with `@`, `%` or a backtick in quotes"),
)


def read_yaml(text: str, path: str) -> Any:
    """Parse one YAML document.

    Raises:
        ContractError: not YAML, a key twice, a tag, more than one document, or beyond a bound.
    """
    builder = _Builder(path)
    for event in events(text, path):
        builder.take(event)
    return builder.finish()


def events(text: str, path: str) -> Iterator[Any]:
    """Yield libyaml's parsing events, every mistake of syntax named with its line."""
    control = _CONTROL.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start()) + 1
        name = f"U+{ord(control[0]):04X}"
        refuse(DOCUMENT_ENCODING, f"the control character {name} is not text", path, line)
    hidden = _HIDDEN_ANY.search(text) is not None
    if hidden and _PRIVATE_ANY.search(text):
        refuse(DOCUMENT_ENCODING, "the file mixes control and private-use characters", path)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text.translate(_HIDE) if hidden else text, Loader=loader):
            if hidden and type(event) is yaml.ScalarEvent:
                event.value = event.value.translate(_SHOW)
            yield event
    except yaml.YAMLError as error:
        _refuse_syntax(error, text, path)


def _refuse_syntax(error: yaml.YAMLError, text: str, path: str) -> NoReturn:
    problem = str(getattr(error, "problem", None) or "unreadable text")
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 0
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        problem = "a tab stands where only spaces may"
    hint = next((hint for words, hint in _SYNTAX_HINTS if words in problem), "")
    refuse(DOCUMENT_SYNTAX, f"not YAML: {problem}", path, line, hint=hint)


def resolve(text: str) -> Any:
    """Give a plain scalar its JSON meaning; what YAML 1.1 and 1.2 read differently stays text."""
    if len(text) <= _MAX_WORD and text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        number = float(text)
        return number if abs(number) != float("inf") else text
    return int(text, 0) if _BASED.match(text) else text


class _Frame:
    """A container under construction; `key` is the name that waits for its value."""

    __slots__ = ("anchor", "container", "key", "merges", "start")

    def __init__(self, container: Any, anchor: str | None, start: int) -> None:
        self.container = container
        self.anchor = anchor
        self.start = start
        self.key: str | None = None
        self.merges: list[Any] = []


class _Builder:
    """Turns events into values, keeping every bound."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._documents: list[Any] = []
        self._nodes = 0
        self._aliased = 0

    def take(self, event: Any) -> None:
        """Use one event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open({}, event)
        elif kind is yaml.SequenceStartEvent:
            self._open([], event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)

    def finish(self) -> Any:
        """Return the only document."""
        if len(self._documents) != 1:
            found = "no document" if not self._documents else "more than one document"
            self._refuse(DOCUMENT_YAML, f"the file holds {found}", None)
        return self._documents[0]

    def _scalar(self, event: Any) -> None:
        self._count(event)
        stack = self._stack
        if stack and stack[-1].key is None and type(stack[-1].container) is dict:
            self._name(event)
            return
        value = resolve(event.value) if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, event)

    def _name(self, event: Any) -> None:
        frame, name = self._stack[-1], event.value
        # Twice `<<` is common in the wild and has one meaning: both are merged.
        if name in frame.container and name != "<<":
            self._refuse(DOCUMENT_DUPLICATE_KEY, f"the key `{name}` comes twice", event)
        frame.key = name

    def _open(self, container: Any, event: Any) -> None:
        self._count(event)
        stack = self._stack
        if len(stack) >= MAX_DEPTH:
            message = f"values are nested deeper than {MAX_DEPTH} levels"
            self._refuse(DOCUMENT_BOUNDS, message, event)
        if stack and stack[-1].key is None and type(stack[-1].container) is dict:
            self._refuse(DOCUMENT_YAML, "a list or mapping cannot be a key", event)
        stack.append(_Frame(container, event.anchor, self._nodes))

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        for merged in frame.merges:
            for name, value in merged.items():
                frame.container.setdefault(name, value)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.container, self._nodes - frame.start + 1)
        self._put(frame.container, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            message = f"the alias `*{event.anchor}` names nothing that is complete above it"
            self._refuse(DOCUMENT_YAML, message, event)
        value, size = self._anchors[event.anchor]
        self._aliased += size
        self._nodes += size
        if self._aliased > MAX_ALIASED_NODES:
            message = f"aliases expand to more than {MAX_ALIASED_NODES:,} values"
            self._refuse(DOCUMENT_BOUNDS, message, event)
        frame = self._stack[-1]
        if frame.key is None and type(frame.container) is dict:
            self._refuse(DOCUMENT_YAML, "an alias cannot be a key", event)
        self._put(self._copy(value, len(self._stack), event), event)

    def _copy(self, value: Any, depth: int, event: Any) -> Any:
        """Copy, so that an Overlay that changes one place does not change the other."""
        if depth > MAX_DEPTH:
            message = f"values are nested deeper than {MAX_DEPTH} levels"
            self._refuse(DOCUMENT_BOUNDS, message, event)
        if type(value) is dict:
            return {k: self._copy(v, depth + 1, event) for k, v in value.items()}
        if type(value) is list:
            return [self._copy(v, depth + 1, event) for v in value]
        return value

    def _put(self, value: Any, event: Any) -> None:
        if not self._stack:
            self._documents.append(value)
            return
        frame = self._stack[-1]
        if type(frame.container) is list:
            frame.container.append(value)
            return
        assert frame.key is not None
        if frame.key == "<<":
            self._merge(frame, value, event)
        else:
            frame.container[frame.key] = value
        frame.key = None

    def _merge(self, frame: _Frame, value: Any, event: Any) -> None:
        merges = value if type(value) is list else [value]
        if not all(type(item) is dict for item in merges):
            self._refuse(DOCUMENT_YAML, "`<<` merges mappings only", event)
        frame.merges.extend(merges)

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse(DOCUMENT_BOUNDS, f"the file has more than {MAX_NODES:,} values", event)
        if event.tag is not None and event.tag != "!":
            self._refuse(DOCUMENT_YAML, f"the tag `{event.tag}` is not read", event)

    def _refuse(self, rule: Rule, message: str, event: Any) -> NoReturn:
        line = event.start_mark.line + 1 if event is not None else 0
        refuse(rule, message, self._path, line)
