"""The sample portal and its contract fit: what is declared exists, what is not is a known hole."""

from __future__ import annotations

import re
import sys

import pytest
import yaml

from yett.cli.demo.stage import find_portal

# Operations the portal has and its contract does not declare: the demo attacks them.
UNDECLARED = {("DELETE", "/invoices/{}")}
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def app_operations():
    sys.path.insert(0, str(find_portal()))
    try:
        from portal.app import app  # noqa: PLC0415 — importable only with the example on the path
    finally:
        sys.path.pop(0)
    return operations(app.openapi()["paths"])


def operations(paths):
    """List (METHOD, template), names of parameters left out."""
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, item in paths.items()
        for method in item
        if method in METHODS
    }


def test_what_is_declared_exists_and_the_rest_is_a_known_hole(app_operations):
    """The contract declares the portal's operations, but for those that were forgotten."""
    text = (find_portal() / "contract/openapi.yaml").read_text(encoding="utf-8")
    declared = operations(yaml.safe_load(text)["paths"])
    assert declared <= app_operations
    assert app_operations - declared == UNDECLARED


def test_every_hole_is_marked():
    """No hole is there by accident: each file that has one says `HOLE`."""
    readme = (find_portal() / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(portal/\w+\.py)`", readme))
    marked = {
        f"portal/{path.name}"
        for path in (find_portal() / "portal").glob("*.py")
        if "HOLE:" in path.read_text(encoding="utf-8")
    }
    assert named == marked


def test_no_key_is_committed():
    """The folder holds no private key, key set or API key."""
    names = {path.name for path in (find_portal() / "contract").iterdir()}
    assert names == {"yett.toml", "openapi.yaml", "overlay.yaml", "policies"}
