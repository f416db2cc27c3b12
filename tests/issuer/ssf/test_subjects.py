"""A subject names one account, or nobody; never somebody else's."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.events import ISSUER, transmitter
from kit.lives import Lives

from yett.issuer.ssf.subjects import find_about
from yett.state.accounts.links import Link, add_link

OUTSIDE = "https://login.example.com"


@pytest.fixture
def lives(tmp_path):
    return Lives(tmp_path)


def about(lives, subject, **changes):
    config = transmitter(lives.server.folder, **changes)
    return lives.read(lambda tx: find_about(lives.server, tx, config, subject))


def test_an_account_by_each_format(lives):
    """Its own id, its link, its mail address, and a directory's id."""
    user = lives.person(email="Ana@Example.com", external="dir-7")
    lives.write(
        lambda tx: add_link(tx, Link(issuer=ISSUER, subject="x", user=user.id, created=NOW))
    )
    for subject in (
        {"format": "iss_sub", "iss": lives.server.url, "sub": user.id},
        {"format": "iss_sub", "iss": ISSUER, "sub": "x"},
        {"format": "email", "email": "ana@example.COM"},
        {"format": "opaque", "id": user.id},
        {"format": "opaque", "id": "dir-7"},
        {"format": "complex", "user": {"format": "opaque", "id": user.id}},
        {"user": {"format": "opaque", "id": user.id}, "session": {"format": "opaque", "id": "s"}},
    ):
        assert about(lives, subject).user.id == user.id, subject


@pytest.mark.parametrize(
    "subject",
    [
        {},
        {"format": "iss_sub", "iss": "https://elsewhere", "sub": "x"},
        {"format": "iss_sub", "sub": "x"},
        {"format": "iss_sub", "iss": ISSUER, "sub": 5},
        {"format": "email", "email": ""},
        {"format": "email", "email": "%"},
        {"format": "opaque", "id": ""},
        {"format": "opaque", "id": ["x"]},
        {"format": "phone_number", "phone_number": "+1"},
        {"format": "complex", "user": "x"},
        {"format": "complex", "session": {"format": "opaque", "id": "bad\x00"}},
    ],
)
def test_what_cannot_be_mapped_is_nobody(lives, subject):
    """An unknown, empty or malformed subject matches no account by accident."""
    user = lives.person(email="", external="")
    lives.write(
        lambda tx: add_link(
            tx, Link(issuer="https://elsewhere", subject="x", user=user.id, created=NOW)
        )
    )
    assert about(lives, subject).nobody


def test_a_shared_address_is_nobody(lives):
    """Two accounts with one mail address: which is meant cannot be known."""
    lives.person(email="team@example.com")
    lives.person("ben", email="team@example.com")
    assert about(lives, {"format": "email", "email": "team@example.com"}).nobody


def test_people_of_an_outside_issuer(lives):
    """With `subjects`, a name is a principal of that issuer, and of no other."""
    named = about(lives, {"format": "iss_sub", "iss": OUTSIDE, "sub": "ana"}, subjects=OUTSIDE)
    assert (named.issuer, named.subject, named.user) == (OUTSIDE, "ana", None)
    other = {"format": "iss_sub", "iss": "https://x", "sub": "ana"}
    assert about(lives, other, subjects=OUTSIDE).nobody
    both = {
        "format": "complex",
        "user": {"format": "opaque", "id": "ana"},
        "session": {"format": "opaque", "id": "s-1"},
    }
    found = about(lives, both, subjects=OUTSIDE)
    assert (found.subject, found.session) == ("ana", "s-1")
