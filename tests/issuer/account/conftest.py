"""A person with a passkey who is signed in, in a browser without a network."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.authenticator import Authenticator
from kit.household import Household


@pytest.fixture
def home(server, person):
    """Ada at home: her browser, her authenticator, signed in at `NOW`."""
    made = Household(server, person, Authenticator(user=person.id))
    made.enrol()
    return made


__all__ = ["NOW"]
