"""Events as bytes: MessagePack on the way to the recorder, JSON in the ledger.

Whatever an event holds, it can be written: text that is no Unicode is escaped, a number that is no
number becomes 0, what is too long is clipped and says so. One odd value from a client must neither
lose its record nor stop the records behind it. Pure. Measured: bench/records.py.
"""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from yett.records.line import MAX_LINE_BYTES
from yett.terms import Event

# A clipped event fits in any case: 20 texts of 256 characters and 4 lists of 8 x 96, each
# character at most 6 bytes in JSON (\u0000), is 48 KiB.
CLIPPED_TEXT_CHARS = 256
CLIPPED_ITEMS = 8
CLIPPED_ITEM_CHARS = 96
# Cut down it would prove nothing; it has no character that JSON escapes.
EVIDENCE = re.compile(r"[A-Za-z0-9_/ -]{0,8192}\Z")
CLIPPED_MARK = " [clipped]"
# Room for index, worker, sequence and link around the event.
MAX_EVENT_BYTES = MAX_LINE_BYTES - 512

_json = msgspec.json.Encoder()


def event_json(event: Event) -> bytes:
    """Encode an event for its line, at most MAX_EVENT_BYTES, always one line."""
    try:
        text = _json.encode(event)
    except UnicodeEncodeError:
        text = _json.encode(cleaned(event))
    # An event has no null: JSON has no spelling for NaN and infinity, msgspec writes `null`.
    if b":null" in text:
        text = _json.encode(cleaned(event))
    return text if len(text) <= MAX_EVENT_BYTES else _json.encode(clipped(event))


def cleaned(event: Event) -> Event:
    """Return the event with unpaired surrogates escaped and numbers finite."""
    return _mapped(event, _clean)


def clipped(event: Event) -> Event:
    """Return the event cut down to what a line can hold, marked in its note."""
    small = _mapped(cleaned(event), _clip)
    note = small.note[: CLIPPED_TEXT_CHARS - len(CLIPPED_MARK)] + CLIPPED_MARK
    whole = event.evidence if EVIDENCE.match(event.evidence) else small.evidence
    return msgspec.structs.replace(small, note=note, evidence=whole)


def _mapped(event: Event, change: Any) -> Event:
    fields = {name: change(value) for name, value in msgspec.structs.asdict(event).items()}
    return Event(**fields)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, tuple):
        return tuple(_clean(item) for item in value)
    if isinstance(value, float) and not math.isfinite(value):
        return 0.0
    return value


def _clip(value: Any) -> Any:
    if isinstance(value, str):
        return value[:CLIPPED_TEXT_CHARS]
    if isinstance(value, tuple):
        return tuple(item[:CLIPPED_ITEM_CHARS] for item in value[:CLIPPED_ITEMS])
    return value
