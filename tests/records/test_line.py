from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.records.line import (
    FORMAT,
    GENESIS,
    Header,
    header_line,
    link,
    read_header,
    read_record,
    record_body,
    seal,
    unseal,
)

BODY = record_body(7, b"w0", 9, b'{"time":1.5,"request":"r"}')


def test_link_covers_previous_link_and_exact_bytes():
    """The link is SHA-256 over 32 bytes of the previous link and the bytes before the link."""
    digest, line = seal(GENESIS, BODY)
    assert digest == hashlib.sha256(bytes(32) + BODY).digest() == link(GENESIS, BODY)
    assert line == BODY + b',"h":"' + digest.hex().encode() + b'"}\n'


def test_unseal_reverses_seal():
    """A sealed line gives back its body and link, and is the record it was made from."""
    digest, line = seal(GENESIS, BODY)
    assert unseal(line[:-1]) == (BODY, digest)
    record = read_record(line[:-1])
    assert (record.i, record.w, record.s, record.e.request) == (7, "w0", 9, "r")


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line[:-1],
        lambda line: line + b" ",
        lambda line: line.replace(b',"h":"', b', "h":"'),
        lambda line: line[:-66] + line[-66:].upper(),
        lambda line: line[:-66] + b" " * 64 + line[-2:],
        lambda line: line[:-3] + b"g" + line[-2:],
        lambda line: b"",
    ],
)
def test_unseal_takes_one_spelling(change):
    """A line in any other spelling than the writer's is no line of the ledger."""
    _, line = seal(GENESIS, BODY)
    altered = change(line[:-1])
    parts = unseal(altered)
    assert parts is None or link(GENESIS, parts[0]) != parts[1]


@given(st.binary(max_size=300))
def test_no_bytes_raise(data):
    """Whatever stands in a file, reading a line answers and never raises."""
    unseal(data)
    assert read_header(data) is None
    read_record(data)


def test_header_round_trip():
    """A header carries ledger id, first index, joint and workers, and is linked like a record."""
    header = Header(ledger=FORMAT, id="ab", first=3, time=1.0, p="11" * 32, workers={"w": 5})
    digest, line = header_line(header)
    found = read_header(line[:-1])
    assert (found.first, found.p, found.workers) == (3, "11" * 32, {"w": 5})
    assert link(bytes.fromhex("11" * 32), unseal(line[:-1])[0]) == digest


@pytest.mark.parametrize("change", [{"ledger": "other/1"}, {"p": "11"}, {"p": "zz" * 32}])
def test_foreign_header_is_none(change):
    """A header of another format, or with a joint that is no hash, is not taken."""
    good = {"ledger": FORMAT, "id": "a", "first": 0, "time": 1.0, "p": "00" * 32, "workers": {}}
    fields = {**good, **change}
    text = str(fields).replace("'", '"').encode()
    assert read_header(text) is None
