"""Policies are cut where they end, whatever strings and comments hold."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.cedar.scan import cut, read_tokens

TEXT = r"""// permit(; "
@id("a;b") // "
permit(principal, action, resource)
when { "\"; //" == "line
break;" };

forbid(principal,action,resource);@x permit(principal
, action, resource);
// the end;"""


def test_pieces_have_their_lines():
    """Semicolons in strings and comments end nothing; lines are those of the first tokens."""
    pieces = cut(TEXT)
    assert [piece.line for piece in pieces] == [2, 7, 7]
    assert pieces[0].text.startswith('@id("a;b")')
    assert pieces[1].text == "forbid(principal,action,resource);"
    assert [token.line for token in pieces[2].tokens if token.text == ","] == [8, 8]
    for piece in pieces:
        PolicySet.from_str(piece.text)


def test_what_is_not_ended_is_a_piece_too():
    """A policy without its semicolon, and an open string with all that follows, are not lost."""
    assert [piece.text for piece in cut("permit(a;b")] == ["permit(a;", "b"]
    assert [piece.text for piece in cut('x "abc; y;')] == ['x "abc; y;']
    assert cut(" // nothing\n") == ()


def test_tokens_know_what_they_are():
    """Names, strings, numbers and marks."""
    found = [(token.text, token.kind) for token in read_tokens('a::"b" >= 12 && #')]
    assert found == [
        ("a", "name"),
        ("::", "mark"),
        ('"b"', "string"),
        (">=", "mark"),
        ("12", "number"),
        ("&&", "mark"),
        ("#", "mark"),
    ]
    assert [(token.text, token.kind) for token in read_tokens('"a;')] == [('"a;', "open")]


@pytest.mark.parametrize("text", ['"' * 3000, "/" * 3000, '"\\' * 300_000, "@" * 3000])
def test_hostile_text_is_cut_at_once(text):
    """No text makes the scanner backtrack."""
    assert sum(len(piece.tokens) for piece in cut(text)) <= len(text)


@given(st.text(';"\\/\n abc{}', max_size=40))
def test_nothing_but_space_and_comments_is_lost(text):
    """Each token is in exactly one piece, in order."""
    tokens = [token for piece in cut(text) for token in piece.tokens]
    assert tokens == list(read_tokens(text))
