"""What a contract says about approving, as the engine reads it."""

from __future__ import annotations

from yett.policy.approvable import Approvable


def test_nothing_is_approvable_by_default_by_anybody():
    """Without a scope, an action and a record nobody may approve."""
    how = Approvable(reads=True, fields=frozenset())
    assert (how.scope, how.action, how.type, how.located, how.mask) == ("", "", "Api", None, None)
