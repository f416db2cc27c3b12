"""The words that guards are made of."""

from __future__ import annotations

from yett.policy.authz.model import Located, Place


def test_places_are_the_words_that_check_prints():
    """A place is told in the words of `yett check` and of the docs."""
    assert [str(place) for place in Place] == [
        "-",
        "before",
        "body",
        "response",
        "read-before-write",
        "not checkable",
    ]


def test_places_in_a_request_compare_by_value():
    """An operation's own id and a reference to it are told apart by where they are."""
    assert Located("path", "id") == Located("path", "id")
    assert Located("path", "id") != Located("query", "id")
