"""Parameter styles as one table: style x explode -> how the parts of a value are held together.

Text is decoded before it is split, as frameworks do: a delimiter in it is a delimiter however it
was written, and the canonical form that goes on writes it as one, so both readings agree there.
OpenAPI 3.2.0 s4.12.2 (style values and examples), RFC 6570.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.policy.coerce import TEXT, UNREADABLE, Kind, Read, scalar_reader

MAX_PARTS = 1_000


class Style(Struct, frozen=True):
    """How one value is written.

    Args:
        lead: what it begins with; `{name}` stands for the parameter's name.
        gap: what stands between items, or between members.
        equals: what stands between a member's name and value; None when that is `gap` too.
    """

    lead: str
    gap: str
    equals: str | None = None


STYLES: dict[tuple[str, bool], Style] = {
    ("simple", False): Style("", ","),
    ("simple", True): Style("", ",", "="),
    ("label", False): Style(".", ","),
    ("label", True): Style(".", ".", "="),
    ("matrix", False): Style(";{name}=", ","),
    ("matrix", True): Style(";", ";", "="),
    ("form", False): Style("", ","),
    ("form", True): Style("", ","),
    ("cookie", False): Style("", ","),
    ("cookie", True): Style("", ","),
    ("spaceDelimited", False): Style("", " "),
    ("pipeDelimited", False): Style("", "|"),
}
FALLBACK = Style("", ",")


def value_reader(kind: Kind, style: str, *, explode: bool, name: str) -> Read:
    """Return what reads one text as the scalar, array or object that `kind` allows."""
    how = STYLES.get((style, explode), FALLBACK)
    lead = how.lead.format(name=name) if how.lead else ""
    matrix = style == "matrix" and explode
    scalar = scalar_reader(kind) if kind.scalars else None
    item = scalar_reader(kind.items or TEXT)
    if not lead and scalar is not None and kind.items is None and kind.fields is None:
        return scalar

    def read(text: str) -> Any:
        if not text.startswith(lead):
            return UNREADABLE
        rest = text[len(lead) :]
        if kind.items is not None:
            return _array(rest, how.gap, item, f"{name}=" if matrix else "")
        if kind.fields is not None:
            return _object(rest, how, kind)
        if matrix:
            rest = rest[len(name) + 1 :] if rest.startswith(f"{name}=") else "\0"
        return scalar(rest) if scalar is not None and rest != "\0" else UNREADABLE

    return read


def readings(kind: Kind, style: str, *, explode: bool, name: str) -> tuple[Read, ...]:
    """Return a reader for each thing an ambiguous kind may be, the most telling first."""
    kinds = []
    if kind.fields is not None:
        kinds.append(Kind(scalars=(), fields=kind.fields, extra=kind.extra))
    kinds += [Kind(scalars=(scalar,)) for scalar in kind.scalars]
    if kind.items is not None:
        kinds.append(Kind(scalars=(), items=kind.items))
    return tuple(value_reader(one, style, explode=explode, name=name) for one in kinds)


def _array(text: str, gap: str, item: Read, lead: str) -> Any:
    parts = text.split(gap)
    if len(parts) > MAX_PARTS or not all(part.startswith(lead) for part in parts):
        return UNREADABLE
    values = [item(part[len(lead) :]) for part in parts]
    return UNREADABLE if UNREADABLE in values else values


def _object(text: str, how: Style, kind: Kind) -> Any:
    parts = text.split(how.gap)
    if how.equals is None:
        if len(parts) % 2:
            return UNREADABLE
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
    else:
        if not all(how.equals in part for part in parts):
            return UNREADABLE
        pairs = [(name, value) for name, _, value in (p.partition(how.equals) for p in parts)]
    return read_members(pairs, kind)


def read_members(pairs: list[tuple[str, str]], kind: Kind) -> Any:
    """Read name and text of each member; a name that comes twice has no single reading."""
    found: dict[str, Any] = {}
    fields = kind.fields or {}
    for name, text in pairs:
        value = scalar_reader(fields.get(name) or kind.extra or TEXT)(text)
        if value is UNREADABLE or name in found or len(found) >= MAX_PARTS:
            return UNREADABLE
        found[name] = value
    return found
