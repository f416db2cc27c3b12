"""Rows as values: read whole, or not at all."""

from __future__ import annotations

import msgspec
import pytest
from kit.store import NOW, Store, person

from yett.state.approval_file import opened
from yett.state.approval_rows import (
    end,
    read_approval,
    read_one,
    read_open,
    read_person,
    write_person,
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "approvals.db")


def test_a_person_survives_the_file():
    """What is written of a person is read back; anything else is an error."""
    assert read_person(write_person(person("anna"))) == person("anna")
    for text in ("", "7", "{}", '{"id": 7, "issuer": "i", "kind": "user"}'):
        with pytest.raises(msgspec.DecodeError):
            read_person(text)


def test_a_row_survives_the_file(store):
    """Everything that was asked is there again, with the votes that count."""
    asked = store.asked(needed=2)
    store.vote(asked)
    store.cast(asked, "chief")
    with opened(store.path) as inside:
        found = read_one(inside, asked.id, NOW)
        assert found == read_open(inside, asked.id, NOW)
        assert read_one(inside, "none", NOW) is None
    assert (found.frozen.text, found.frozen.shown) == (asked.frozen.text, asked.frozen.shown)
    assert [one.voter.id for one in found.votes] == ["boss"]
    assert (found.requester, found.needed, found.expires) == (person("anna"), 2, NOW + 600)


def test_reading_late_shows_no_body(store):
    """What has expired is read as over before anybody has swept it."""
    asked = store.asked()
    with opened(store.path) as inside:
        found = read_one(inside, asked.id, NOW + 600)
        assert read_open(inside, asked.id, NOW + 600) == "the approval has expired"
    assert (found.state, found.frozen.shown) == ("expired", "")


def test_ending_wipes_what_only_approvers_needed(store):
    """Body, record and seal go; who asked and what became of it stay."""
    asked = store.asked(sealed="ab")
    with opened(store.path) as inside:
        end(inside, asked.id, "refused", NOW)
        row = inside.execute("SELECT * FROM approvals").fetchone()
        assert (row["shown"], row["entity"], row["salt"], row["seal"]) == ("", "", b"", b"")
        found = read_approval(inside, row, NOW)
    assert (found.state, found.requester.id, found.frozen.shown) == ("refused", "anna", "")
