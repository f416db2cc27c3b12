from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.issuer.assurance import suffices
from yett.issuer.pending import Pending
from yett.state.accounts.sessions import Session

SINGLE, MULTI, STRONG = (
    "urn:yett:single-factor",
    "urn:yett:multi-factor",
    "urn:yett:phishing-resistant",
)


def session(acr=MULTI, auth_time=NOW - 100):
    return Session(
        id="s",
        digest="",
        user="u",
        acr=acr,
        amr=(),
        auth_time=auth_time,
        created=0,
        seen=0,
        expires=0,
    )


def asked(**fields):
    return Pending(client="app", created=NOW - 10, **fields)


@pytest.mark.parametrize(
    ("fields", "acr", "good"),
    [
        ({}, SINGLE, True),
        ({"acr": (MULTI,)}, SINGLE, False),
        ({"acr": (MULTI,)}, MULTI, True),
        ({"acr": (MULTI,)}, STRONG, True),
        ({"acr": (STRONG, MULTI)}, MULTI, True),
        ({"acr": (STRONG,)}, MULTI, False),
        ({"acr": ("urn:unknown",)}, STRONG, False),
        ({"acr": (SINGLE,)}, "", False),
        ({"acr": (SINGLE,)}, "urn:unknown", False),
    ],
)
def test_levels(fields, acr, good):
    """A level does for itself and what is weaker; unknown ones do for nothing."""
    assert suffices(session(acr), asked(**fields), NOW) is good


@pytest.mark.parametrize(
    ("fields", "auth_time", "good"),
    [
        ({"max_age": 100.0}, NOW - 100, True),
        ({"max_age": 99.0}, NOW - 100, False),
        ({"max_age": 0.0}, NOW - 11, False),
        ({"max_age": 0.0}, NOW - 10, True),
        ({"prompt": ("login",)}, NOW - 11, False),
        ({"prompt": ("login",)}, NOW - 10, True),
        ({"prompt": ("select_account",)}, NOW - 11, False),
        ({"prompt": ("consent",)}, NOW - 11, True),
        ({"prompt": ("login",), "max_age": 1000.0}, NOW - 11, False),
    ],
)
def test_ages(fields, auth_time, good):
    """A sign-in since the request is new; an older one must be young enough, and not asked anew."""
    assert suffices(session(auth_time=auth_time), asked(**fields), NOW) is good
