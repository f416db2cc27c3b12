"""Moves the portal's people in: operators' commands, sign-ins over HTTP, and what all have then.

The portal learns which account is which customer, as a service does that gets another login: one
column, filled once. Nothing here is checked; what goes wrong ends the demo.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from yett.cli.demo.accounts import Client, Desk, Person, basic
from yett.cli.demo.people import CUSTOMER, Header, Json, encode
from yett.cli.demo.proofs import Holder
from yett.cli.demo.traffic import HOST

Call = Callable[..., Json]

PEOPLE = {"ada": "customer", "ben": "customer", "carol": "support", "dora": "admin"}
SCOPES = {
    "customer": CUSTOMER,
    "support": "profile:read",
    "admin": "profile:read users:admin",
}
STRONG = "urn:yett:phishing-resistant"
FRESH_SECONDS = "300"
REPORT = "/reports/revenue"
AT_ONCE = 2


class House:
    """The portal's people at yett's own issuer.

    Args:
        call: runs a command of yett on the contract and answers its JSON.
        port: where the gate listens, or will.
    """

    def __init__(self, call: Call, port: int) -> None:
        self._call, self._port = call, port
        self._desk = Desk(port)
        self._persons = {name: Person(port) for name in PEOPLE}
        self._clients: dict[str, Client] = {}
        self._invited: dict[str, Json] = {}
        self.people: dict[str, Header] = {}
        self.notes: dict[str, str] = {}

    @property
    def sent(self) -> int:
        """How many requests went to the gate for all this."""
        return self._desk.sent + sum(one.browser.sent for one in self._persons.values())

    def invite(self) -> None:
        """Make accounts and clients, as an operator would; the gate need not run."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            web = pool.submit(self._call, *_application("portal web"))
            made = list(pool.map(self._add, PEOPLE.items()))
            self._invited = dict(zip(PEOPLE, made, strict=True))
            service = self._call(
                *("service", "add", "revenue report", "--owner", _login("dora")),
                *("--scope", "reports:read", "--bound"),
            )
            self._clients = {"web": _client(web.result()), "report": _client(service)}

    def settle(self, portals: list[Path]) -> None:
        """Let everybody in, once the gate runs.

        Args:
            portals: folders of the portals' databases.
        """
        for name, person in self._persons.items():
            person.enrol(self._invited[name]["link"])
        for folder in portals:
            self._introduce(folder / "portal.db")
        web = self._clients["web"]
        for name, role in PEOPLE.items():
            tokens = self._desk.tokens(self._persons[name], web, SCOPES[role])
            self.people[name] = bearer(tokens["access_token"])
        self.people["portal web"] = basic(web)
        session = self._persons["ada"].browser.cookies["yett-session"]
        self.people["ada's browser"] = ("cookie", f"yett-session={session}")
        self._take_phone(web)
        self._take_report()

    def confirm(self, details: str) -> Header:
        """Have Ada confirm one operation with her passkey; answers what is good for it, once."""
        tokens = self._desk.tokens(
            self._persons["ada"],
            self._clients["web"],
            "invoices:pay",
            authorization_details=details,
            acr_values=STRONG,
            max_age=FRESH_SECONDS,
        )
        return bearer(tokens["access_token"])

    def vote(self, approval: str, digest: str) -> str:
        """Have Dora's passkey sign that she approves one request; answers the assertion as JSON."""
        text = f"yett-approval-vote/1\n{approval}\n{digest}\napprove\n"
        challenge = encode(hashlib.sha256(text.encode()).digest())
        return self._persons["dora"].passkey.show({"challenge": challenge})

    def _add(self, person: tuple[str, str]) -> Json:
        name, role = person
        return self._call("user", "add", _login(name), "--name", name.title(), "--role", role)

    def _introduce(self, database: Path) -> None:
        """Tell a portal whose account is whose."""
        rows = [(one["id"], _login(name)) for name, one in self._invited.items()]
        connection = sqlite3.connect(database)
        with connection:
            connection.executemany("UPDATE customers SET account=? WHERE email=?", rows)
        connection.close()

    def _take_phone(self, web: Client) -> None:
        """A family of tokens on Ada's phone, whose first refresh token somebody has copied."""
        first = self._desk.tokens(self._persons["ada"], web, "profile:read offline_access")
        second = self._desk.refresh(web, first["refresh_token"])
        self.notes["refresh"] = first["refresh_token"]
        self.people["ada's phone"] = bearer(second["access_token"])

    def _take_report(self) -> None:
        """A service's token that is bound to its key, and proofs for one call."""
        holder, url = Holder(), f"http://{HOST}:{self._port}{REPORT}"
        token = self._desk.own_token(self._clients["report"], holder)
        self.people["revenue report"] = ("authorization", f"DPoP {token}")
        self.people["token thief"] = bearer(token)
        self.notes["proof"] = holder.proof("GET", url, token)
        self.notes["other-proof"] = Holder().proof("GET", url, token)


def bearer(token: str) -> Header:
    """Write the field of a token that is good in anybody's hands."""
    return ("authorization", f"Bearer {token}")


def _application(name: str) -> tuple[str, ...]:
    """Write the command that registers the portal's own application; it is not asked about."""
    scopes = [scope for text in (*SCOPES.values(), "offline_access") for scope in text.split()]
    more = (word for scope in dict.fromkeys(scopes) for word in ("--scope", scope))
    where = ("--redirect", "https://portal.example.com/signed-in")
    return ("client", "add", name, "--trusted", *where, *more)


def _client(made: Json) -> Client:
    return Client(made["client_id"], made["client_secret"])


def _login(name: str) -> str:
    return f"{name}@example.com"
