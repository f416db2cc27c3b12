from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yett.credentials.passkeys.vote import MAX_EVIDENCE_CHARACTERS
from yett.records.encode import CLIPPED_MARK, MAX_EVENT_BYTES, clipped, event_json
from yett.terms import Event, Request, Secret

ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)


def read(text: bytes) -> Event:
    return msgspec.json.decode(text, type=Event)


def test_plain_event_comes_back(event):
    """What goes into the ledger comes out of it, with nothing added."""
    assert read(event_json(event(3))) == event(3)
    assert b"\n" not in event_json(event(3))


@given(ANY_TEXT, ANY_TEXT, st.floats(), st.lists(ANY_TEXT, max_size=3))
def test_any_event_is_one_readable_line(path, note, number, seen):
    """No text and no number, however odd, makes a line that cannot be read back."""
    odd = Event(
        time=1.0, request="r", path=path, note=note, milliseconds=number, observed=tuple(seen)
    )
    text = event_json(odd)
    assert b"\n" not in text
    assert read(text).request == "r"
    json.loads(text)


@pytest.mark.parametrize("char", ["a", "\x00", "\u20ac", "\U0001f600", "\udc80"])
def test_huge_event_is_clipped_and_says_so(char):
    """An event beyond the line's bound is cut to it and marked; it does not vanish."""
    huge = Event(
        time=1.0, request="r", path=char * 90_000, note=char * 90_000, observed=(char * 9_000,) * 90
    )
    text = event_json(huge)
    assert len(text) <= MAX_EVENT_BYTES
    assert read(text).note.endswith(CLIPPED_MARK)


def test_clipped_worst_case_fits():
    """Every field at its clipped size in the widest spelling still fits in a line."""
    texts = [f for f, kind in Event.__annotations__.items() if kind == "str"]
    lists = [f for f, kind in Event.__annotations__.items() if kind == "tuple[str, ...]"]
    worst = Event(
        time=1.0,
        **dict.fromkeys(lists, ("\x01" * 999,) * 99),
        **dict.fromkeys(texts, "\x01" * 9_999),
    )
    assert len(lists) == 4
    assert len(msgspec.json.encode(clipped(worst))) <= MAX_EVENT_BYTES
    signed = replace(worst, evidence="A" * MAX_EVIDENCE_CHARACTERS)
    assert len(msgspec.json.encode(clipped(signed))) <= MAX_EVENT_BYTES


def test_evidence_is_never_cut_down():
    """What a passkey signed stays whole beside what is clipped; what is no evidence does not."""
    whole = "yett-passkey/1 " + "A-_9" * 500
    huge = Event(time=1.0, request="r", path="\x00" * 90_000, evidence=whole)
    assert read(event_json(huge)).evidence == whole
    assert len(read(event_json(replace(huge, evidence='"' * 9_000))).evidence) == 256


def test_event_has_no_place_for_a_secret():
    """No field of an event holds a body, a query, a header or a credential's value."""
    fields = set(Event.__struct_fields__)
    assert not fields & {"body", "query", "headers", "authorization", "cookie", "token", "secret"}
    unverified = fields & set(Request.__struct_fields__)
    assert unverified == {"method", "path", "source"}
    assert set(map(str, Event.__annotations__.values())) <= {
        "str",
        "int",
        "float",
        "tuple[str, ...]",
    }


def test_secret_is_never_encoded():
    """A `Secret` put into an event by mistake stops the encoding; its value is not written."""
    with pytest.raises(TypeError):
        event_json(Event(time=1.0, request="r", note=Secret("hunter2")))
