"""A vote that a passkey has signed: its challenge, and the evidence by which anybody verifies it.

The challenge says approval, digest of the frozen request, and decision, so that a signature is good
for no other vote. The evidence is one line of text that needs no store. docs/spec/approval.md s7.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from yett.credentials.passkeys.shown import Assertion, decode, encode
from yett.credentials.passkeys.signature import Site, verify

DOMAIN = "yett-approval-vote/1"
FORMAT = "yett-passkey/1"
APPROVE, REFUSE = "approve", "refuse"
# What a record of the ledger may grow by; 900 characters are usual.
MAX_EVIDENCE_CHARACTERS = 8192
PARTS = 5


class Evidence(Struct, frozen=True):
    """Who signed, by which key, and what.

    Args:
        public_key: COSE_Key, CBOR, as it was when the vote counted.
        shown: what the passkey has signed; `user` is empty.
    """

    public_key: bytes
    shown: Assertion


def vote_challenge(approval: str, digest: str, *, approve: bool) -> bytes:
    """Return what a passkey signs for a vote, 32 bytes.

    Args:
        approval: its id, 32 hex digits.
        digest: of the frozen request, 64 hex digits.
        approve: or refuse.
    """
    decision = APPROVE if approve else REFUSE
    return hashlib.sha256(f"{DOMAIN}\n{approval}\n{digest}\n{decision}\n".encode()).digest()


def write_evidence(evidence: Evidence) -> str:
    """Write it as text; empty when it would be longer than `MAX_EVIDENCE_CHARACTERS`."""
    shown = evidence.shown
    parts = (
        evidence.public_key,
        shown.client_data,
        shown.authenticator_data,
        shown.signature,
    )
    text = " ".join((FORMAT, shown.id, *map(encode, parts)))
    return text if len(text) <= MAX_EVIDENCE_CHARACTERS else ""


def read_evidence(text: str) -> Evidence | None:
    """Read it back; None for anything that `write_evidence` would not have written."""
    if len(text) > MAX_EVIDENCE_CHARACTERS:
        return None
    format_, *parts = text.split(" ")
    raw = [decode(one) for one in parts]
    if format_ != FORMAT or len(parts) != PARTS or not all(raw):
        return None
    _, public_key, client_data, authenticator_data, signature = (one or b"" for one in raw)
    shown = Assertion(
        id=parts[0],
        client_data=client_data,
        authenticator_data=authenticator_data,
        signature=signature,
    )
    return Evidence(public_key, shown)


def flaw_of(text: str, site: Site, approval: str, digest: str, *, approve: bool) -> str:
    """Verify the evidence of a vote with nothing but itself; empty when it is good.

    Args:
        text: the evidence.
        site: where it must have been signed.
        approval: its id, as the next two, from another source than the evidence.
        digest: of what was frozen.
        approve: the decision.
    """
    evidence = read_evidence(text)
    if evidence is None:
        return "the evidence is not in the form it is written in"
    challenge = vote_challenge(approval, digest, approve=approve)
    seen = verify(site, evidence.public_key, evidence.shown, challenge)
    return seen if isinstance(seen, str) else ""
