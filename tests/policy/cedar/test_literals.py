"""Texts and names in Cedar's grammar."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.cedar.literals import bare_or_quoted, cedar_string, escape, is_bare


@given(st.text(max_size=20))
def test_any_text_is_one_string_of_cedar(text):
    """Hostile operation ids stay inside their literal (CWE-94), and on one line (CWE-117)."""
    literal = cedar_string(text)
    assert literal.isprintable()
    policy = f"permit(principal, action == Action::{literal}, resource);"
    (only,) = PolicySet.from_str(policy).to_pst().static_policies.values()
    assert only.action.entity.id == text


@pytest.mark.parametrize(
    "text", ['a"b', "a\\b", "a\nb", "\0", "\u2028", "\u202e", '") permit(', "\U0001f600"]
)
def test_hostile_texts_come_back(text):
    """Quotes, line ends, overrides of direction and what is beyond the first plane."""
    policy = f"permit(principal, action == Action::{cedar_string(text)}, resource);"
    (only,) = PolicySet.from_str(policy).to_pst().static_policies.values()
    assert only.action.entity.id == text
    assert cedar_string(text) == f'"{escape(text)}"'


@pytest.mark.parametrize(
    ("name", "bare"),
    [("owner", True), ("_a1", True), ("in", False), ("__cedar", False), ("a-b", False), ("", False),
     ("1a", False), ("a\n", False), ("é", False)],
)  # fmt: skip
def test_names_that_need_no_quotes(name, bare):
    """Only ASCII identifiers that are no words of Cedar."""
    assert is_bare(name) is bare
    assert bare_or_quoted(name) == (name if bare else cedar_string(name))
