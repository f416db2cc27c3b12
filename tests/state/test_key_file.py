"""The file of API keys."""

from __future__ import annotations

import json
import time

import pytest

from yett.credentials.api_key import KeyRecord, hold, key_id, verify_key
from yett.credentials.verifier import Verified
from yett.state.errors import StateError
from yett.state.key_file import change, load_records, make_key, read_book, read_records

DRAFT = KeyRecord(id="", digest="", owner="ana", expires=time.time() + 86_400)


def test_made_keys_verify_and_differ():
    """A key that is made is a key that is known; no two are alike."""
    made = [make_key(DRAFT) for _ in range(100)]
    assert len({key for key, _ in made}) == len({record.id for _, record in made}) == 100
    for key, record in made[:5]:
        assert key_id(key.encode()) == record.id
        assert isinstance(verify_key(key.encode(), hold((record,)), time.time(), ""), Verified)


def test_what_is_written_is_read_again(tmp_path):
    """A change keeps what it does not touch, with the file's mode."""
    path = tmp_path / "var" / "keys.json"
    records = [make_key(DRAFT)[1] for _ in range(3)]
    for record in records:
        change(path, lambda held, record=record: (*held, record))
    assert load_records(path) == tuple(records)
    assert set(read_book(path.read_bytes())) == {record.id for record in records}
    assert path.stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in path.parent.iterdir()) == [".keys.json.lock", "keys.json"]


def test_a_change_that_would_break_the_file_is_not_made(tmp_path):
    """Two records with one id, or one without expiry, never reach the disk."""
    path = tmp_path / "keys.json"
    record = make_key(DRAFT)[1]
    change(path, lambda _: (record,))
    before = path.read_bytes()
    with pytest.raises(StateError, match="is there twice"):
        change(path, lambda held: (*held, record))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is not a file of API keys"),
        (b"[]", "is not a file of API keys"),
        (b'{"version":2,"keys":[]}', "has version 2; this yett reads version 1"),
        (b'{"version":1,"keys":[{"id":"x"}]}', "is not a file of API keys"),
        (b'{"version":1,"keys":[],"more":1}', "is not a file of API keys"),
    ],
)
def test_other_files_are_refused(raw, message):
    """A file that is not quite this one is not half read."""
    with pytest.raises(StateError, match=message):
        read_records(raw)


def test_a_missing_file_has_no_keys_and_a_broken_one_is_named(tmp_path):
    """Reading for the command line tells the two apart."""
    path = tmp_path / "keys.json"
    assert load_records(path) == ()
    path.write_text(json.dumps({"version": 9}))
    with pytest.raises(StateError) as caught:
        load_records(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("label", ["", "Live", "a_b", "a" * 13, "1a", "a b"])
def test_labels_keep_the_form_unambiguous(label):
    """Parts of a key hold no underscore, space or capital."""
    for name in ("env", "kind"):
        with pytest.raises(StateError, match="cannot be part of a key"):
            make_key(KeyRecord(id="", digest="", owner="a", expires=1.0, **{name: label}))
