"""The face: unknown kinds of scopes reach nothing."""

from __future__ import annotations

import pytest
from kit.within import guarded


async def test_an_unknown_scope_is_not_let_through(tmp_path):
    """A new kind of ASGI connection is refused until it is known."""

    async def app(*_):
        raise AssertionError

    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        with pytest.raises(RuntimeError, match="webtransport"):
            await yett({"type": "webtransport"}, None, None)
