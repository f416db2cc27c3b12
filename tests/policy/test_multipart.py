"""A multipart body has one list of parts, or it is refused."""

from __future__ import annotations

import email.parser
import email.policy
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.multipart import MAX_PARTS_COUNT, split_parts


def part(head, content=b"x"):
    return b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


FIELD = b'Content-Disposition: form-data; name="a"'
FILE = b'Content-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain'
END = b"--B--\r\n"


def test_read():
    """Fields and files come in order, with their bytes untouched."""
    body = part(FIELD, b"1\r\n--C\r\n2") + part(FILE, b"\x00\r\n") + END
    first, second = split_parts(body, "B")
    assert (first.name, first.content, first.filename) == ("a", b"1\r\n--C\r\n2", None)
    assert (second.name, second.content, second.content_type) == ("f", b"\x00\r\n", "text/plain")
    assert second.filename == "a.txt"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        END,
        b"--B\r\n" + END,
        b"preamble\r\n" + part(FIELD) + END,
        part(FIELD) + END + b"epilogue",
        part(FIELD) + END + part(FIELD) + END,
        part(FIELD),
        part(FIELD) + b"--B",
        part(FIELD).replace(b"\r\n", b"\n") + b"--B--\n",
        b"--B \r\n" + FIELD + b"\r\n\r\nx\r\n" + END,
        part(FIELD) + b"--Bx\r\n" + END,
        part(b"") + END,
        part(b"Content-Type: text/plain") + END,
        part(b'Content-Disposition: attachment; name="a"') + END,
        part(b"Content-Disposition: form-data; name=a") + END,
        part(FIELD + b'; name="b"') + END,
        part(FIELD + b"\r\n" + FIELD) + END,
        part(FIELD + b"; filename*=UTF-8''evil.php") + END,
        part(FIELD + b'; filename="a.txt"; filename="b.php"') + END,
        part(FIELD + b'; filename="a\\".php"') + END,
        part(FIELD + b'; filename="../a"') + END,
        part(FIELD + b'; filename="a/b"') + END,
        part(FIELD + b'; filename="a\\b"') + END,
        part(FIELD + b'; filename="c:a"') + END,
        part(FIELD + b'; filename=".."') + END,
        part(FIELD + b'; filename="' + b"a" * 300 + b'"') + END,
        part(FIELD + b'; filename="a\x00.php"') + END,
        part(FIELD + b"\r\nContent-Transfer-Encoding: base64") + END,
        part(FIELD + b"\r\n folded: x") + END,
        part(FIELD + b"\r\nX-Other: y") + END,
        part(FIELD + b"\xff") + END,
        part(FIELD + b"; x=" + b"y" * 3000) + END,
        part(FIELD) * (MAX_PARTS_COUNT + 1) + END,
        part(FIELD, b'1\n--B\r\nContent-Disposition: form-data; name="role"\r\n\r\nadmin') + END,
        part(FIELD, b"1\r--B--") + END,
        part(FIELD, b"1\x0b--B") + END,
    ],
)
def test_refused(body):
    """Whatever parsers are known to disagree on is no multipart body."""
    assert split_parts(body, "B") is None


@pytest.mark.parametrize("boundary", ["", "a b", 'a"b', "é", "x" * 71, "a;b"])
def test_boundaries(boundary):
    """A boundary outside the grammar of RFC 2046 is refused."""
    assert split_parts(part(FIELD) + END, boundary) is None


def test_every_prefix():
    """A body cut off anywhere is refused."""
    body = part(FIELD) + part(FILE) + END
    cut = [n for n in range(len(body)) if split_parts(body[:n], "B") is not None]
    assert cut == [len(body) - 2]  # the last line break is optional (RFC 2046 s5.1.1)


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"--B" not in b), min_size=1, max_size=4))
def test_agrees_with_the_stdlib(contents):
    """What is split here is what the standard library finds."""
    body = b"".join(part(FIELD, content) for content in contents) + END
    found = split_parts(body, "B")
    assert [one.content for one in found] == contents
    head = b"Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    assert len(list(parsed.iter_parts())) == len(contents)


@given(st.binary(), st.text(max_size=5))
def test_any_bytes(raw, boundary):
    """Any bytes give parts or none, never an exception."""
    split_parts(raw, boundary)
    split_parts(b"--B\r\n" + raw + b"\r\n--B--", "B")


def test_cheap():
    """A megabyte of boundaries costs under 20 ms."""
    body = b"--B\r\n" * 200_000 + END
    start = time.thread_time()
    assert split_parts(body, "B") is None
    assert time.thread_time() - start < 0.02
