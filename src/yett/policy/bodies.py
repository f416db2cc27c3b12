"""The request body of one operation, from the contract's model to what reads and checks it.

A declared type decides who reads: JSON, the two form types and text are parsed and checked; bytes
of other types go on as they came, which a note says. Ranges such as `*/*` take what can be checked.
"""

from __future__ import annotations

from typing import Any

from yett.contract.media import is_json
from yett.contract.model import MediaType, Operation
from yett.policy.body_reader import (
    MULTIPART,
    URLENCODED,
    Entry,
    kind_of_type,
    make_body_reader,
    parse_json,
    parse_text,
    pass_bytes,
)
from yett.policy.coerce import kind_of
from yett.policy.fields import Fields, make_field
from yett.policy.forms import BodyParser, PartRule, make_multipart, make_urlencoded
from yett.policy.model import BodyReader
from yett.policy.rules import BODY_UNCHECKED
from yett.policy.workshop import Workshop
from yett.terms import Mode


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
            parsers: dict[str, BodyParser] = {"json": parse_json, "other": pass_bytes}
            return Entry(parsers, None)
        judging, emitted = self.shop.promise(node, self.mode)
        self.schemas.append(emitted)
        name = _bare(media.name)
        parsers = {"json": parse_json}
        if name in (URLENCODED, MULTIPART) or "*" in name:
            fields = self._fields(media, node)
            parsers["urlencoded"] = make_urlencoded(fields)
            parsers["multipart"] = make_multipart(fields, self._rules(media, node))
        if "string" in kind_of(self.shop.schemas, node).scalars:
            parsers["text"] = parse_text
        if kind_of_type(name) not in parsers and "*" not in name:
            parsers["other"] = pass_bytes
            message = f"bodies of type `{name}` go on unread, their schema is not checked"
            self.shop.notes.add(BODY_UNCHECKED, message)
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
