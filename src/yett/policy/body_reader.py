"""Reads a request body: the media type finds the parser, the parser the value, the judge decides.

The usual spellings of a type are found by one dictionary look-up on the raw field; any other is
parsed. Nothing that could not be read is passed for read.
"""

from __future__ import annotations

from msgspec import Struct

from yett.contract.media import is_json
from yett.policy.forms import BodyParser, Parsed
from yett.policy.jsonbody import read_json
from yett.policy.media import ContentType, choose, is_utf8, parse_content_type
from yett.policy.model import BodyRead, BodyReader, Fault
from yett.policy.validator import Judge
from yett.policy.workshop import Judging

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
SPELLINGS = ("", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8", ";charset=UTF-8")
UNDECLARED = Fault("media_type")


class Entry(Struct, frozen=True):
    """One declared media type: a parser per kind of text, and what judges the value."""

    parsers: dict[str, BodyParser]
    judging: Judging | None


def make_body_reader(entries: dict[str, Entry], judges: dict[str, Judge | None]) -> BodyReader:
    """Return the reader: one dictionary look-up finds the parser of the usual spellings."""
    declared = tuple(entries)
    known = {
        (name + ending).encode(): (
            entry.parsers[kind_of_type(name)],
            judges[name],
            ContentType(name, {}),
        )
        for name, entry in entries.items()
        if "*" not in name and kind_of_type(name) in ("json", "urlencoded")
        for ending in SPELLINGS
    }

    def find(raw: bytes) -> tuple[BodyParser, Judge | None, ContentType] | None:
        parsed = parse_content_type(raw)
        name = choose(parsed.name, declared) if parsed is not None else None
        if parsed is None or name is None or "*" in parsed.name:
            return None
        kind = kind_of_type(parsed.name)
        # Starlette decodes the fields of a multipart body by this parameter: UTF-7 hides anything.
        if kind != "other" and not is_utf8(parsed):
            return None
        parsers = entries[name].parsers
        parser = parsers.get(kind, parsers.get("other"))
        return None if parser is None else (parser, judges[name], parsed)

    def read(raw: bytes, content_type: bytes) -> BodyRead | Fault:
        found = known.get(content_type) or find(content_type)
        if found is None:
            return UNDECLARED
        parser, judge, typed = found
        parsed = parser(raw, typed)
        if isinstance(parsed, Fault):
            return parsed
        value, forward = parsed
        if judge is None or parser is pass_bytes:
            return BodyRead(value, forward)
        verdict = judge(value, len(raw))
        if isinstance(verdict, Fault):
            return verdict
        return BodyRead(value, forward, verdict)

    return read


def kind_of_type(name: str) -> str:
    """Return `json`, `urlencoded`, `multipart`, `text` or `other`."""
    if is_json(name):
        return "json"
    if name == URLENCODED:
        return "urlencoded"
    if name == MULTIPART:
        return "multipart"
    return "text" if name.startswith("text/") else "other"


def parse_json(raw: bytes, content_type: ContentType) -> Parsed:
    """Read JSON; its charset was looked at when the type was."""
    del content_type
    return read_json(raw)


def parse_text(raw: bytes, content_type: ContentType) -> Parsed:
    """Read UTF-8 without NUL, which ends a text in C."""
    del content_type
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Fault("malformed")
    return Fault("malformed") if "\0" in text else (text, raw)


def pass_bytes(raw: bytes, content_type: ContentType) -> Parsed:
    """Read nothing: the bytes go on as they came and have no value."""
    del content_type
    return None, raw
