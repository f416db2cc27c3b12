"""The request body of one operation, from the contract's model to what reads and checks it.

A declared type decides who reads: JSON, the two form types and text are parsed and checked; bytes
of other types go on as they came, which a note says. Ranges such as `*/*` take what can be checked.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.contract.model import MediaType, Operation
from yett.policy.coerce import kind_of
from yett.policy.fields import Fields, make_field
from yett.policy.forms import BodyParser, Parsed, PartRule, make_multipart, make_urlencoded
from yett.policy.jsonbody import read_json
from yett.policy.media import ContentType, choose, is_json, is_utf8, parse_content_type
from yett.policy.model import BodyRead, BodyReader, Fault
from yett.policy.validator import Judge
from yett.policy.workshop import Judging, Workshop
from yett.terms import Mode

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
SPELLINGS = ("", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8", ";charset=UTF-8")
UNDECLARED = Fault("media_type")


class Entry(Struct, frozen=True):
    """One declared media type: a parser per kind of text, and what judges the value."""

    parsers: dict[str, BodyParser]
    judging: Judging | None


class Bodies:
    """Drafts the body of one operation; `reader` finishes it once the validator is there."""

    def __init__(self, shop: Workshop, operation: Operation, unknown_fields: Mode) -> None:
        self.shop = shop
        self.mode = operation.settings.modes.get("unknown_fields", unknown_fields)
        self.schemas: list[Any] = []
        content = operation.body.content if operation.body is not None else ()
        grouped: dict[str, list[MediaType]] = {}
        for media in content:
            grouped.setdefault(_bare(media.name), []).append(media)
        self.entries = {name: self._draft(self._one(name, g)) for name, g in grouped.items()}

    def reader(self) -> BodyReader | None:
        """Return the reader; None when no body is declared."""
        if not self.entries:
            return None
        judges = {
            name: self.shop.judge(entry.judging) if entry.judging is not None else None
            for name, entry in self.entries.items()
        }
        return make_body_reader(self.entries, judges)

    def _one(self, name: str, group: list[MediaType]) -> MediaType:
        """Take types that differ in parameters alone for one, with a choice of schemas."""
        schemas = [media.schema for media in group]
        if len(group) == 1 or None in schemas:
            return MediaType(
                name=name,
                schema=schemas[0] if len(group) == 1 else None,
                encoding=group[0].encoding,
            )
        node = self.shop.schemas.keep({"anyOf": schemas})
        return MediaType(name=name, schema=node, encoding=group[0].encoding)

    def _draft(self, media: MediaType) -> Entry:
        node = media.schema
        if node is None or _is_file(self.shop, node):
            parsers: dict[str, BodyParser] = {"json": _parse_json, "other": _pass}
            return Entry(parsers, None)
        judging, emitted = self.shop.promise(node, self.mode)
        self.schemas.append(emitted)
        name = _bare(media.name)
        parsers = {"json": _parse_json}
        if name in (URLENCODED, MULTIPART) or "*" in name:
            fields = self._fields(media, node)
            parsers["urlencoded"] = make_urlencoded(fields)
            parsers["multipart"] = make_multipart(fields, self._rules(media, node))
        if "string" in kind_of(self.shop.schemas, node).scalars:
            parsers["text"] = _parse_text
        if _kind(name) not in parsers and "*" not in name:
            parsers["other"] = _pass
            self.shop.report.add(
                "body-unchecked",
                "note",
                f"bodies of type `{name}` go on unread, their schema is not checked",
                "",
            )
        return Entry(parsers, judging)

    def _properties(self, node: Any) -> dict[str, Any]:
        reach = self.shop.bundle.closing.reach(self.shop.schemas.settle(node))
        found: dict[str, Any] = {}
        for names in (reach.owners, reach.branch_names):
            for name, schemas in names.items():
                found.setdefault(name, schemas[0] if len(schemas) == 1 else {"anyOf": schemas})
        return {name: self.shop.schemas.keep(schema) for name, schema in found.items()}

    def _fields(self, media: MediaType, node: Any) -> Fields:
        fields = []
        for name, schema in self._properties(node).items():
            kind = kind_of(self.shop.schemas, schema)
            rule = _encoding(media, name)
            style = rule.get("style")
            types = str(rule.get("contentType", ""))
            is_object = kind.fields is not None and not kind.scalars and kind.items is None
            fields.append(
                make_field(
                    name,
                    f"/{name}",
                    kind,
                    style=style if isinstance(style, str) else "form",
                    explode=rule.get("explode", style in (None, "form")) is True,
                    fits=self.shop.fits(schema) if kind.ambiguous else None,
                    json=style is None and (is_json(types) or (is_object and not types)),
                )
            )
        return Fields(fields)

    def _rules(self, media: MediaType, node: Any) -> dict[str, PartRule]:
        rules = {}
        for name, schema in self._properties(node).items():
            kind = kind_of(self.shop.schemas, schema)
            own = self.shop.schemas.own(self.shop.schemas.settle(schema))
            item = own.get("items") if isinstance(own, dict) else None
            types = str(_encoding(media, name).get("contentType", ""))
            rules[name] = PartRule(
                binary=_is_file(self.shop, schema if item is None else item),
                many=kind.items is not None and not is_json(types),
                types=tuple(t.strip().lower() for t in types.split(",") if t.strip()),
                max_bytes=_max_bytes(self.shop, item if item is not None else schema),
            )
        return rules


def make_body_reader(entries: dict[str, Entry], judges: dict[str, Judge | None]) -> BodyReader:
    """Return the reader: one dictionary look-up finds the parser of the usual spellings."""
    declared = tuple(entries)
    known = {
        (name + ending).encode(): (entry.parsers[_kind(name)], judges[name], ContentType(name, {}))
        for name, entry in entries.items()
        if "*" not in name and _kind(name) in ("json", "urlencoded")
        for ending in SPELLINGS
    }

    def find(raw: bytes) -> tuple[BodyParser, Judge | None, ContentType] | None:
        parsed = parse_content_type(raw)
        name = choose(parsed.name, declared) if parsed is not None else None
        if parsed is None or name is None or "*" in parsed.name:
            return None
        kind = _kind(parsed.name)
        if kind in ("json", "text", "urlencoded") and not is_utf8(parsed):
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
        if judge is None or parser is _pass:
            return BodyRead(value, forward)
        verdict = judge(value, len(raw))
        if isinstance(verdict, Fault):
            return verdict
        return BodyRead(value, forward, verdict)

    return read


def _kind(name: str) -> str:
    if is_json(name):
        return "json"
    if name == URLENCODED:
        return "urlencoded"
    if name == MULTIPART:
        return "multipart"
    return "text" if name.startswith("text/") else "other"


def _bare(name: str) -> str:
    return name.partition(";")[0].strip().lower()


def _encoding(media: MediaType, name: str) -> dict[str, Any]:
    found = media.encoding.get(name) if isinstance(media.encoding, dict) else None
    return found if isinstance(found, dict) else {}


def _is_file(shop: Workshop, node: Any) -> bool:
    """Whether a schema stands for bytes: `format: binary` (3.0) or `contentMediaType` (3.1)."""
    found = shop.schemas.settle(node)
    if not isinstance(found, dict):
        return False
    if found.get("format") == "binary":
        return True
    return "contentMediaType" in found and "contentEncoding" not in found


def _max_bytes(shop: Workshop, node: Any) -> int:
    found = shop.schemas.settle(node)
    limit = found.get("maxLength") if isinstance(found, dict) else None
    return limit if isinstance(limit, int) and not isinstance(limit, bool) else 0


def _parse_json(raw: bytes, content_type: ContentType) -> Parsed:
    del content_type
    return read_json(raw)


def _parse_text(raw: bytes, content_type: ContentType) -> Parsed:
    del content_type
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Fault("malformed")
    return Fault("malformed") if "\0" in text else (text, raw)


def _pass(raw: bytes, content_type: ContentType) -> Parsed:
    del content_type
    return None, raw
