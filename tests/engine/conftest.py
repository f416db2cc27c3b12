"""Fixtures that drive `decide` by hand."""

from __future__ import annotations

import pytest
from kit.engine import DictView, drive

from yett.engine.exchange import Exchange


@pytest.fixture
def view():
    return DictView()


@pytest.fixture
def run(view):
    """Decide a request against a program and answer (decision, exchange, questions)."""

    def go(bound, wanted, *answers):
        x = Exchange(bound, wanted, view, 1000.0)
        decision, asked = drive(x, *answers)
        return decision, x, asked

    return go
