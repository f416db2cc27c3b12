"""Whether a vote on an approval is signed as it must be, asked of the store of accounts.

A voter with an account here signs with a passkey of that account; what was signed becomes evidence
that needs no store. Every question is one transaction of its own connection, as in the file of
approvals. Blocking, so call it in a thread. See docs/spec/approval.md section 7.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection

from yett.credentials.passkeys.client_data import GET, read_client_data
from yett.credentials.passkeys.shown import Assertion, read_assertion
from yett.credentials.passkeys.signature import site_of
from yett.credentials.passkeys.vote import Evidence, vote_challenge, write_evidence
from yett.engine.approvals import Proven, ProveVote, Unproven
from yett.engine.people import Person
from yett.state.accounts import AccountStore
from yett.state.accounts.assertions import note_refused, see, use
from yett.state.accounts.known_by import accounts_known_by, names_of
from yett.state.accounts.passkeys import find_passkey
from yett.state.accounts.users import ACTIVE, User, find_user
from yett.state.errors import StateError

NOT_ACCEPTED = "the signature of the passkey was not accepted"


class Signatures:
    """The signatures of votes.

    Args:
        url: the store of accounts.
        folder: where a relative path starts.
        issuer: URL of yett's own issuer, whose people have passkeys.
    """

    def __init__(self, url: str, folder: Path, issuer: str) -> None:
        self.url = url
        self.folder = folder
        self.issuer = issuer

    def prove(self, question: ProveVote) -> Proven | Unproven:
        """Answer a question of the engine.

        Raises:
            StateError: the store of accounts cannot be used.
        """
        store = AccountStore(self.url, self.folder)
        try:
            if store.path is not None and not store.path.exists():
                raise StateError("the store of accounts is not there", path=str(store.path))
            if question.assertion:
                return store.write(lambda tx: self._signed(tx, question))
            with store.read() as tx:
                return self._unsigned(tx, question)
        finally:
            store.close()

    def _unsigned(self, tx: Connection, question: ProveVote) -> Proven | Unproven:
        accounts = self._accounts(tx, question.voter)
        if question.signatures == "all" or (question.signatures == "own" and accounts):
            return Unproven(detail=self._advice(question), note="the vote is not signed")
        return Proven(voter=_with_names(tx, question.voter, accounts))

    def _signed(self, tx: Connection, question: ProveVote) -> Proven | Unproven:
        accounts = self._accounts(tx, question.voter)
        own = find_user(tx, question.voter.id) if self._is_ours(question.voter) else None
        if own is None or own.status != ACTIVE:
            return Unproven(detail=self._advice(question), note="signed by who is not signed in")
        evidence = self._verify(tx, question, own)
        if isinstance(evidence, Unproven):
            return evidence
        return Proven(voter=_with_names(tx, question.voter, accounts), evidence=evidence)

    def _verify(self, tx: Connection, question: ProveVote, own: User) -> str | Unproven:
        """Verify what the passkey has signed; committed also when this refuses."""
        site, shown = site_of(self.issuer), read_assertion(question.assertion)
        if isinstance(shown, str):
            return _refused(shown)
        data = read_client_data(shown.client_data, GET, site.origin)
        if isinstance(data, str):
            return _refused(data)
        passkey = find_passkey(tx, shown.id)
        if passkey is None or passkey.revoked:
            return _refused("the passkey is not known, or revoked")
        challenge = vote_challenge(question.id, question.digest, approve=question.approve)
        seen = see(site, passkey, shown, challenge, user=own.id)
        reason = seen if isinstance(seen, str) else use(tx, passkey, seen, question.now)
        if reason:
            note_refused(tx, self.issuer, passkey, reason, question.now)
            return _refused(reason)
        return _written(passkey.public_key, shown)

    def _accounts(self, tx: Connection, voter: Person) -> list[User]:
        return accounts_known_by(tx, voter.names, issuer=voter.issuer, subject=voter.id)

    def _is_ours(self, voter: Person) -> bool:
        return voter.issuer == self.issuer and voter.kind == "user"

    def _advice(self, question: ProveVote) -> str:
        return f"sign the vote with your passkey at `{self.issuer}/approvals/{question.id}`"


def _with_names(tx: Connection, voter: Person, accounts: list[User]) -> Person:
    """Add what else names the voter: nobody votes as themselves and again as their API key."""
    names = set(voter.names).union(*(names_of(tx, one) for one in accounts))
    return replace(voter, names=tuple(sorted(names)))


def _written(public_key: bytes, shown: Assertion) -> str | Unproven:
    evidence = write_evidence(Evidence(public_key, shown))
    return evidence or _refused("what was signed is too large to be kept")


def _refused(note: str) -> Unproven:
    return Unproven(detail=NOT_ACCEPTED, note=note)
