"""docs/spec/ledger.md is the specification: its examples, its verifier and its vectors hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from yett.records import segment
from yett.records.frames import (
    ACK_BYTES,
    MAX_FRAME_BYTES,
    MAX_FRAME_EVENTS,
    FrameReader,
    decode_acks,
    encode_ack,
    encode_batches,
)
from yett.records.ledger import MAX_WORKERS
from yett.records.line import (
    FORMAT,
    MAX_HEADER_BYTES,
    MAX_LINE_BYTES,
    header_line,
    read_header,
    read_record,
)
from yett.records.query import Filter, Search
from yett.records.report import parse_head
from yett.records.verify import verify

SPEC = Path(__file__).parents[2] / "docs" / "spec" / "ledger.md"
TEXT = SPEC.read_text(encoding="utf-8")


def block(info: str) -> str:
    return re.search(rf"^```{re.escape(info)}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)[1]


SEGMENTS = {
    name: block(f"jsonl {name}").encode()
    for name in re.findall(r"^```jsonl (\S+)$", TEXT, re.MULTILINE)
}
HEAD = block("head").strip()
VECTORS = json.loads(block("json vectors"))


@pytest.fixture
def folder(tmp_path):
    for name, data in SEGMENTS.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_example_verifies(folder):
    """The ledger printed in the specification is whole and has the head it names."""
    report = verify(folder, head=parse_head(HEAD))
    assert (report.ok, report.records, report.segments, report.head) == (True, 4, 2, HEAD)


def test_example_is_what_we_write(folder):
    """Its lines are the lines that this writer makes of the same headers and events."""
    for path in segment.segments(folder):
        first, *rest = path.read_bytes().splitlines(keepends=True)
        assert header_line(read_header(first[:-1]))[1] == first
        for line in rest:
            record = read_record(line[:-1])
            assert b'"e":%b,"h"' % msgspec.json.encode(record.e) in line


def test_printed_verifier_agrees(folder):
    """The verifier printed there, which has nothing of ours, finds the same head, and a change."""
    command = [sys.executable, "-c", block("python"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == HEAD
    path = segment.segments(folder)[0]
    path.write_bytes(path.read_bytes().replace(b"alice", b"malet"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{path}:3: not what was written" in done.stderr


def apply(folder, vector):
    path = segment.segment_path(folder, vector["segment"])
    lines = path.read_bytes().splitlines(keepends=True)
    if "replace" in vector:
        old, new = (text.encode() for text in vector["replace"])
        assert old in lines[vector["line"] - 1]
        lines[vector["line"] - 1] = lines[vector["line"] - 1].replace(old, new)
    if "order" in vector:
        lines = [lines[number - 1] for number in vector["order"]]
    path.write_bytes(b"".join(lines)[: -vector["cut"] if "cut" in vector else None])
    if vector.get("remove"):
        path.unlink()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['kind']}-{v['segment']}")
def test_vectors(folder, vector):
    """Each printed change is reported as the specification says, at the place it says."""
    apply(folder, vector)
    damage = verify(folder, head=parse_head(HEAD)).damage
    first, line, index = vector["at"]
    assert damage is not None
    assert (damage.kind, Path(damage.path), damage.line, damage.index) == (
        vector["kind"],
        segment.segment_path(folder, first),
        line,
        index,
    )


def test_frame_and_acknowledgement(folder):
    """The frame and the acknowledgement printed there are what goes over the socket."""
    data = bytes.fromhex(block("hex frame").strip())
    [batch] = FrameReader().feed(data)
    assert (batch.version, batch.worker, batch.first, batch.last) == (1, "w0-00", 7, 7)
    assert encode_batches("w0-00", 7, batch.events) == [(7, data)]
    ack = bytes.fromhex(block("hex acknowledgement").strip())
    assert encode_ack(7) == ack
    assert decode_acks(bytearray(ack)) == 7


def test_bounds_are_those_of_the_code():
    """The numbers in the text are the constants of the code."""
    for number in (
        MAX_LINE_BYTES,
        MAX_HEADER_BYTES,
        MAX_WORKERS,
        MAX_FRAME_BYTES,
        MAX_FRAME_EVENTS,
    ):
        assert f"{number:,}" in TEXT
    assert f"({ACK_BYTES} bytes" in TEXT
    assert f"`{FORMAT}`" in TEXT
    assert f"{segment.SEGMENT_MODE:04o}" in TEXT
    assert f"{segment.FOLDER_MODE:04o}" in TEXT


def test_kinds_are_in_the_text(folder):
    """Kinds of event that the room writes about itself are explained."""
    source = "".join(
        path.read_text() for path in (SPEC.parents[2] / "src/yett/records").glob("*.py")
    )
    kinds = set(re.findall(r'kind="([a-z-]+)"|_say\("([a-z-]+)"', source))
    for kind in {name for pair in kinds for name in pair if name}:
        assert f"`{kind}`" in TEXT
    assert {r.e.kind for r in Search(folder, Filter()).oldest()} >= {"recorder-started", "request"}
