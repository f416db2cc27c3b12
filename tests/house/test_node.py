"""Real clients in Node are skipped where they cannot be had, and for no other reason."""

from __future__ import annotations

import shutil

import pytest
from kit import node

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="no npm on this machine")


def test_a_lock_file_that_does_not_install_fails(tmp_path, monkeypatch):
    """A mistake of ours must not switch the tests of real clients off."""
    (tmp_path / "package.json").write_text('{"dependencies": {"jose": "6"}}')
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(node, "FOLDER", tmp_path)
    with pytest.raises(pytest.fail.Exception, match="npm ci"):
        node._install(tmp_path / "new")


def test_without_a_registry_the_tests_are_skipped(tmp_path, monkeypatch):
    """A machine without a network says so, and goes on."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(pytest.skip.Exception, match="npm reaches no registry"):
        node._install(tmp_path / "new")
