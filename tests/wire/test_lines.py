"""Ready header blocks: reading a name, and leaving names out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yett.wire.lines import describe, names, pairs, values, without

BLOCK = b'Content-Type: Application/JSON; charset=utf-8\r\nETag:\t"a" \r\nx-a: 1\r\nX_A:2\r\n'


def test_a_name_is_found_in_any_case():
    """Values come trimmed and in order; an absent name has none."""
    assert values(BLOCK, b"etag") == [b'"a"']
    assert values(BLOCK + BLOCK, b"x-a") == [b"1", b"1"]
    assert values(BLOCK, b"b") == []
    assert values(b"", b"b") == []


def test_the_names_of_a_block():
    """Lower-case, each once."""
    assert names(BLOCK) == {b"content-type", b"etag", b"x-a", b"x_a"}
    assert names(b"") == frozenset()


def test_a_block_as_pairs():
    """Names lower-case, values trimmed, in order."""
    assert pairs(BLOCK)[1:] == [(b"etag", b'"a"'), (b"x-a", b"1"), (b"x_a", b"2")]
    assert pairs(b"") == []


def test_names_are_left_out_in_every_spelling():
    """`X_A` goes with `x-a`; a prefix takes all that begin with it; the rest stays bytewise."""
    assert without(BLOCK, frozenset((b"x-a", b"etag"))) == BLOCK.split(b"ETag")[0]
    assert without(BLOCK, frozenset(), (b"content-",)) == BLOCK.partition(b"\r\n")[2]
    assert without(BLOCK, frozenset()) == BLOCK
    assert without(b"", frozenset((b"a",))) == b""


def media_type(block):
    return describe(block).media_type


def is_coded(block):
    return describe(block).coded


def test_the_media_type_is_one_or_none():
    """Lower-case without parameters; two of them are two readings, so none."""
    assert media_type(BLOCK) == "application/json"
    assert media_type(b"x: 1\r\n") == ""
    assert media_type(BLOCK + b"content-type: text/html\r\n") == ""
    assert media_type(BLOCK + b"x: %b\r\n" % (b"y" * 5000)) == "application/json"


def test_a_coding_is_seen():
    """Everything but `identity` is a coding, wherever it stands."""
    assert not is_coded(b"")
    assert not is_coded(b"Content-Encoding: Identity\r\n")
    assert is_coded(b"content-encoding: identity\r\ncontent-encoding: gzip\r\n")
    assert is_coded(b"content-encoding: identity, br\r\n")


def test_one_tag_or_none():
    """The tag as it stands; two of them are none."""
    assert describe(BLOCK).tag == b'"a"'
    assert describe(BLOCK + BLOCK).tag == b""
    assert describe(b"").tag == b""


def test_only_whole_names_are_left_out():
    """A name within another, or within a value, stays; nothing to leave out changes nothing."""
    block = b"etag: 1\r\nx-etag: etag: 2\r\netag-x: 3\r\n"
    assert without(block, frozenset((b"etag",))) == b"x-etag: etag: 2\r\netag-x: 3\r\n"
    assert without(block, frozenset((b"x.*",))) == block
    assert without(block, frozenset()) == block
    long = block + b"y: %b\r\n" % (b"z" * 5000)
    assert without(long, frozenset((b"etag", b"x-etag", b"etag-x"))) == long[len(block) :]


NAMES = st.sampled_from([b"a", b"A-b", b"a_B", b"c"])


@given(st.lists(st.tuples(NAMES, st.binary(max_size=4).map(lambda v: v.hex().encode()))))
def test_what_is_left_out_is_gone_and_nothing_else(fields):
    """For any block: no line of a name that is left out stays, every other line does."""
    block = b"".join(b"%b: %b\r\n" % field for field in fields)
    left = without(block, frozenset((b"a-b",)))
    wanted = [f for f in fields if f[0].lower().replace(b"_", b"-") != b"a-b"]
    assert left == b"".join(b"%b: %b\r\n" % field for field in wanted)
