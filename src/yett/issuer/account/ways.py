"""The ways back into an account, counted: nobody takes away their own last one.

A password counts with its second factor only, a provider only while it is configured.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.server import Server
from yett.state.accounts.links import links_of
from yett.state.accounts.passkeys import count_passkeys
from yett.state.accounts.recovery import codes_left
from yett.state.accounts.totps import find_totp
from yett.state.accounts.users import User

ENOUGH = 2


class Ways(Struct, frozen=True, kw_only=True):
    """How somebody can sign in: numbers of passkeys, recovery codes, links; password or not."""

    passkeys: int
    codes: int
    links: int
    password: bool

    def others(self) -> bool:
        """Say whether there is a way in without any passkey."""
        return self.codes > 0 or self.links > 0 or self.password

    def enough(self) -> bool:
        """Say whether losing one thing leaves a way in."""
        return self.passkeys + self.links + self.password + (self.codes > 0) >= ENOUGH


def ways_of(server: Server, tx: Connection, user: User) -> Ways:
    """Count the ways into an account."""
    configured = {one.url for one in server.settings.provider}
    has_password = bool(user.password) and find_totp(tx, user.id) is not None
    return Ways(
        passkeys=count_passkeys(tx, user.id),
        codes=codes_left(tx, user.id),
        links=sum(1 for one in links_of(tx, user.id) if one.issuer in configured),
        password=server.settings.passwords and has_password,
    )
