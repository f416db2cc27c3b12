"""Facts of the small shop, changed as a test wants."""

from __future__ import annotations

import pytest
from kit.shop import document, load_shop

from yett.contract.report import Report
from yett.policy.authz.facts import gather_facts


@pytest.fixture
def shop():
    """The document, to be changed before it is loaded."""
    return document()


@pytest.fixture
def report():
    return Report()


@pytest.fixture
def facts(tmp_path, shop, report):
    """Gather the facts of the document as it is now."""

    def make(policies='@id("any") permit(principal, action, resource);', more=""):
        return gather_facts(load_shop(tmp_path, shop, policies, more), report)

    return make
