"""Votes that a passkey signed: one challenge for each, and evidence that stands alone."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.authenticator import UP, Authenticator, client_data
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import read_assertion
from yett.credentials.passkeys.signature import site_of
from yett.credentials.passkeys.vote import (
    MAX_EVIDENCE_CHARACTERS,
    Evidence,
    flaw_of,
    read_evidence,
    vote_challenge,
    write_evidence,
)

SPEC = (Path(__file__).parents[3] / "docs/spec/approval.md").read_text(encoding="utf-8")
VECTORS = dict(re.findall(r"```(?:text|json) (\w+-\d)\n(.*)\n```", SPEC))
SITE = site_of("https://api.example.com/auth")
ID, DIGEST = "0" * 32, "a" * 64


def evidence(authenticator=None, *, approve=True, said=None, **parts):
    made = authenticator or Authenticator()
    data = client_data(vote_challenge(ID, DIGEST, approve=approve), **(said or {}))
    shown = read_assertion(made.sign(data, **parts))
    return write_evidence(Evidence(encode_cbor(made.cose()), shown))


def test_the_challenge_is_that_of_the_specification():
    """SHA-256 of four lines: what it is for, the approval, the digest, the decision."""
    text = f"yett-approval-vote/1\n{ID}\n{DIGEST}\napprove\n"
    assert vote_challenge(ID, DIGEST, approve=True) == hashlib.sha256(text.encode()).digest()


def test_the_published_vectors_hold():
    """What docs/spec/approval.md shows is what the code does: digest, challenges, evidence."""
    vote = {"approval": "0dbb08204805213623ac0f6716168c96", "digest": VECTORS["digest-1"]}
    for number, approve in (("1", True), ("2", False)):
        challenge = vote_challenge(*vote.values(), approve=approve)
        assert challenge.hex() == VECTORS[f"challenge-{number}"]
    assert flaw_of(VECTORS["evidence-1"], SITE, **vote, approve=True) == ""
    assert flaw_of(VECTORS["evidence-1"], SITE, **vote, approve=False)
    assert write_evidence(read_evidence(VECTORS["evidence-1"])) == VECTORS["evidence-1"]


def test_no_two_votes_have_one_challenge():
    """Another approval, another digest or the other decision is another challenge."""
    votes = [(i, d, a) for i in (ID, "1" * 32) for d in (DIGEST, "b" * 64) for a in (True, False)]
    assert len({vote_challenge(i, d, approve=a) for i, d, a in votes}) == len(votes)


@pytest.mark.parametrize("kind", ["es256", "eddsa", "rsa2048"])
def test_good_evidence_has_no_flaw(kind):
    """It says everything that is needed but the vote itself."""
    assert flaw_of(evidence(Authenticator(kind)), SITE, ID, DIGEST, approve=True) == ""


@pytest.mark.parametrize(
    "vote",
    [
        {"approval": "1" * 32},
        {"digest": "b" * 64},
        {"approve": False},
        {"site": site_of("https://other.example.com")},
        {"site": site_of("https://api.example.com:8443")},
    ],
    ids=repr,
)
def test_evidence_is_for_one_vote_at_one_site(vote):
    """Replayed for another approval, request, decision or site it is worth nothing."""
    wanted = {"site": SITE, "approval": ID, "digest": DIGEST, "approve": True} | vote
    assert flaw_of(evidence(), **wanted)


def test_evidence_without_user_verification_is_refused():
    """Whoever holds the device is not yet its owner."""
    assert flaw_of(evidence(flags=UP), SITE, ID, DIGEST, approve=True)


def test_no_character_of_it_can_be_changed():
    """Each part but the id and the alternatives of an ECDSA signature is under the signature."""
    text = evidence(Authenticator("eddsa"))
    start = text.index(" ", len("yett-passkey/1 ")) + 1
    for at in range(start, len(text)):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert flaw_of(changed, SITE, ID, DIGEST, approve=True), at


def test_it_is_read_as_it_is_written():
    """One spelling: what was read is written the same."""
    text = evidence()
    assert write_evidence(read_evidence(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yett-passkey/1",
        "yett-passkey/2 YQ YQ YQ YQ YQ",
        "yett-passkey/1 YQ YQ YQ YQ",
        "yett-passkey/1 YQ YQ YQ YQ YQ YQ",
        "yett-passkey/1 YQ YQ YQ YQ ",
        "yett-passkey/1 YQ YQ YQ YQ YQ==",
        "yett-passkey/1  YQ YQ YQ YQ YQ",
        "yett-passkey/1 YQ YQ YQ YQ " + "A" * MAX_EVIDENCE_CHARACTERS,
    ],
)
def test_what_is_no_evidence_is_none(text):
    """Neither shorter, longer, padded nor of another form."""
    assert read_evidence(text) is None
    assert flaw_of(text, SITE, ID, DIGEST, approve=True)


def test_evidence_is_bounded():
    """What would not fit into a record is not written at all, rather than clipped."""
    assert write_evidence(Evidence(b"k" * 9000, read_assertion(Authenticator().sign(b"{}")))) == ""


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text):
    """Nonsense is a flaw, never an error."""
    assert flaw_of(text, SITE, ID, DIGEST, approve=True)
    assert flaw_of(f"yett-passkey/1 {text}", SITE, ID, DIGEST, approve=True)
