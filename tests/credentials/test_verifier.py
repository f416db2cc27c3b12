"""The answer every verifier gives."""

from __future__ import annotations

from yett.credentials.verifier import Verified


def test_an_answer_is_a_principal_or_a_missing_key():
    """Without a principal the answer says which key is wanted, and nothing is granted."""
    assert Verified(None, "https://a", "k").principal is None
