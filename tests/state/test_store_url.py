"""A file is a file and a server is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from yett.state.store_url import sqlite_path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/yett.db", Path("/c/var/yett.db")),
        ("sqlite:////abs/yett.db", Path("/abs/yett.db")),
        ("postgresql://host/db", None),
    ],
)
def test_the_place_of_a_store(url, path):
    """Relative to the contract folder, unless it is absolute."""
    assert sqlite_path(url, Path("/c")) == path
