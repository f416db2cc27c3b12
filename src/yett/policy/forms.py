"""Form bodies as the object their schema means: urlencoded and multipart.

Each field is read by the Encoding Object's style, or by its type where there is none; what is read
is written anew (urlencoded) or was strict enough to have one reading (multipart). Files are not
parsed: no decompression, no images, no sheets. OpenAPI 3.2.0 s4.15, RFC 7578, WHATWG URL s5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from yett.contract.media import is_json
from yett.policy.coerce import UNREADABLE
from yett.policy.fields import Field, Fields, read_field
from yett.policy.jsonbody import read_json
from yett.policy.media import ContentType, choose, is_utf8, parse_content_type
from yett.policy.model import Fault
from yett.policy.multipart import MAX_TEXT_BYTES, Part, split_parts
from yett.policy.percent import EncodingError, split_pairs

Parsed = tuple[Any, bytes] | Fault
BodyParser = Callable[[bytes, ContentType], "Parsed"]
# What stands in the value for the bytes of a file, which no schema keyword can look at.
FILE_VALUE = ""


class PartRule(Struct, frozen=True, kw_only=True):
    """What a part may be.

    Args:
        binary: whether its schema is a file.
        many: whether several parts may carry the name.
        types: media types the Encoding Object allows; empty for any.
        max_bytes: most bytes, 0 for no own cap.
    """

    binary: bool = False
    many: bool = False
    types: tuple[str, ...] = ()
    max_bytes: int = 0


def make_urlencoded(fields: Fields) -> BodyParser:
    """Return the parser of `application/x-www-form-urlencoded`."""

    def parse(raw: bytes, content_type: ContentType) -> Parsed:
        del content_type
        if not raw.isascii():
            return Fault("malformed")
        try:
            pairs, written = split_pairs(raw.decode("ascii"))
        except EncodingError:
            return Fault("malformed")
        found = fields.read(pairs)
        if isinstance(found, Fault):
            return found
        values, unknown = found
        for name, text in unknown:
            if name in values:
                return Fault("repeated")
            values[name] = text
        return values, written.encode("ascii")

    return parse


def make_multipart(fields: Fields, rules: dict[str, PartRule]) -> BodyParser:
    """Return the parser of `multipart/form-data`."""
    table = fields.table

    def parse(raw: bytes, content_type: ContentType) -> Parsed:
        parts = split_parts(raw, content_type.parameters.get("boundary", ""))
        if parts is None:
            return Fault("malformed")
        values: dict[str, Any] = {}
        for part in parts:
            rule = rules.get(part.name, PartRule())
            value = _read_part(part, rule, table.get(part.name))
            if isinstance(value, Fault):
                return value
            if rule.many:
                values.setdefault(part.name, []).append(value)
            elif part.name in values:
                return Fault("repeated", _where(part, rules))
            else:
                values[part.name] = value
        return values, raw

    return parse


def _where(part: Part, rules: dict[str, PartRule]) -> str:
    return f"/{part.name}" if part.name in rules else ""


def _read_part(part: Part, rule: PartRule, field: Field | None) -> Any:
    where = f"/{field.name}" if field is not None else ""
    typed = _part_type(part)
    if typed is None or not _is_allowed(typed, rule):
        return Fault("media_type", where)
    if rule.max_bytes and len(part.content) > rule.max_bytes:
        return Fault("mismatch", where, "maxLength")
    if rule.binary:
        return FILE_VALUE
    if not is_utf8(typed):
        return Fault("media_type", where)
    if part.filename is not None or (
        len(part.content) > MAX_TEXT_BYTES and not is_json(typed.name)
    ):
        return Fault("mismatch", where, "type")  # a file where the contract has a text
    if is_json(typed.name):
        found = read_json(part.content)
        return found if isinstance(found, Fault) else found[0]
    return _read_text(part, rule, field, where)


def _read_text(part: Part, rule: PartRule, field: Field | None, where: str) -> Any:
    try:
        text = part.content.decode("utf-8")
    except UnicodeDecodeError:
        return Fault("malformed", where)
    if "\0" in text:
        return Fault("malformed", where)
    if field is None:
        return text
    value = field.item(text) if rule.many and field.item is not None else read_field(field, text)
    return Fault("mismatch", where, "type") if value is UNREADABLE else value


def _part_type(part: Part) -> ContentType | None:
    if part.content_type:
        return parse_content_type(part.content_type.encode("utf-8"))
    return ContentType("text/plain", {})


def _is_allowed(typed: ContentType, rule: PartRule) -> bool:
    if typed.name.startswith("multipart/"):
        return False  # RFC 7578 s4.3 deprecates nesting; a nested body would go on unread
    if not rule.types:
        return True
    return choose(typed.name, rule.types) is not None
