"""Which events end something, and that none of them ends more than its subject has."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.lives import Lives

from yett.issuer.ssf.effects import CAEP, RISC, SSF, apply
from yett.issuer.ssf.subjects import About
from yett.state.accounts.revocations import in_force

OUTSIDE = "https://login.example.com"


@pytest.fixture
def lives(tmp_path):
    return Lives(tmp_path)


def done(lives, about, kind, said=None):
    return lives.write(
        lambda tx: apply(lives.server, tx, about, kind=kind, said=said or {}, by="idp")
    )


@pytest.mark.parametrize(
    ("kind", "said", "ends"),
    [
        (CAEP + "session-revoked", {}, True),
        (CAEP + "credential-change", {"change_type": "revoke"}, True),
        (CAEP + "credential-change", {"change_type": "update"}, True),
        (CAEP + "credential-change", {"change_type": "create"}, False),
        (CAEP + "credential-change", {}, True),
        (CAEP + "assurance-level-change", {"change_direction": "decrease"}, True),
        (CAEP + "assurance-level-change", {"change_direction": "increase"}, False),
        (CAEP + "device-compliance-change", {"current_status": "not-compliant"}, True),
        (CAEP + "device-compliance-change", {"current_status": "compliant"}, False),
        (CAEP + "device-compliance-change", {"current_status": ["compliant"]}, True),
        (RISC + "account-disabled", {}, True),
        (RISC + "credential-compromise", {}, True),
        (RISC + "account-enabled", {}, False),
        (SSF + "verification", {"state": "x"}, False),
    ],
)
def test_what_lowers_trust_ends(lives, kind, said, ends):
    """And what raises it is only recorded; what is missing counts as lowering."""
    about = About(issuer=OUTSIDE, subject="ana")
    assert done(lives, about, kind, said) == ("ended" if ends else "recorded")
    found = lives.read(lambda tx: in_force(tx, NOW))
    assert [(row.kind, row.value, row.before) for row in found] == (
        [("sub", "ana", NOW)] if ends else []
    )


def test_a_named_session_ends_alone(lives):
    """Other sessions of the person go on; a cut-off would end them as well."""
    about = About(issuer=OUTSIDE, subject="ana", session="s-1")
    done(lives, about, CAEP + "session-revoked")
    assert [(row.kind, row.value) for row in lives.read(lambda tx: in_force(tx, NOW))] == [
        ("sid", "s-1")
    ]


def test_a_changed_credential_ends_the_person_too(lives):
    """Which session it was changed in says nothing about the others."""
    about = About(issuer=OUTSIDE, subject="ana", session="s-1")
    done(lives, about, CAEP + "credential-change")
    kinds = [row.kind for row in lives.read(lambda tx: in_force(tx, NOW))]
    assert kinds == ["sid", "sub"]


def test_a_session_of_somebody_else_is_kept(lives):
    """An event that contradicts itself signs nobody else out."""
    ada, ben = lives.person(), lives.person("ben")
    session, *_ = lives.equip(ada)
    about = About(issuer=lives.server.url, user=ben, session=session.id)
    done(lives, about, CAEP + "session-revoked")
    assert lives.read(lambda tx: in_force(tx, NOW)) == []


def test_nobody_is_nobody(lives):
    """A subject that is not known ends nothing."""
    about = About(issuer=lives.server.url)
    assert done(lives, about, CAEP + "session-revoked") == "recorded"
    assert lives.read(lambda tx: in_force(tx, NOW)) == []
