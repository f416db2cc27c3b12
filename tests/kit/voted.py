"""A ledger with signed votes, and the accounts of who signed them."""

from __future__ import annotations

from kit.authenticator import client_data
from kit.signing import ISSUER, NOW, Signer, open_store
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import read_assertion
from yett.credentials.passkeys.vote import Evidence, vote_challenge, write_evidence
from yett.records.ledger import ChainLedger, Entry
from yett.terms import Event

ID, DIGEST = "0dbb08204805213623ac0f6716168c96", "b3" * 32
OTHER_ID = "1" * 32


class Voted:
    """A contract folder; votes are written one by one, every part can be told to be wrong.

    Attributes:
        store: the accounts; `dora` is one of them.
    """

    def __init__(self, folder):
        self.folder = folder
        (folder / "yett.toml").write_text(
            f'[identity.builtin]\nurl = "{ISSUER}"\naudience = "https://api.example.com"\n'
        )
        self.store = open_store(folder)
        self.dora = Signer(self.store, "dora")
        self.written = 0

    def evidence(
        self, approval=ID, digest=DIGEST, *, approve=True, signer=None, said=None, **wrong
    ):
        signer = signer or self.dora
        data = client_data(vote_challenge(approval, digest, approve=approve), **(said or {}))
        shown = read_assertion(signer.key.sign(data, **wrong))
        return write_evidence(Evidence(encode_cbor(signer.key.cose()), shown))

    def event(self, approval=ID, digest=DIGEST, *, evidence=None, kind="approval-given", **fields):
        return Event(
            **{
                "time": NOW + self.written,
                "request": f"r{self.written}",
                "kind": kind,
                "principal": self.dora.user.id,
                "principal_kind": "user",
                "issuer": ISSUER,
                "note": f"approval {approval} of sha256:{digest}",
                "evidence": self.evidence(approval, digest) if evidence is None else evidence,
                **fields,
            }
        )

    def write(self, *events):
        with ChainLedger(self.folder / "var/ledger", clock=lambda: NOW) as ledger:
            start = self.written
            ledger.append([Entry("w0", start + at + 1, one) for at, one in enumerate(events)])
        self.written += len(events)
