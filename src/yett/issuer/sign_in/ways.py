"""The other ways to sign in, as the page offers them: one row each.

All of them to everybody, whatever an account has: what is offered must not tell (CWE-204). One that
would never be sure enough for the request that waits is left out.
"""

from __future__ import annotations

from msgspec import Struct

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.acr import MULTI_FACTOR, ORDER, SINGLE_FACTOR, reaches
from yett.issuer.pages.html import Html, el, join
from yett.issuer.server import Server
from yett.issuer.sign_in.waiting import Waiting

RECOVERY = "/sign-in/recovery"


class Way(Struct, frozen=True):
    """A row: what it says, its path, and the most that it amounts to."""

    label: str
    path: str
    acr: str


def other_ways(server: Server, waiting: Waiting) -> Html:
    """Make the list of links to the other ways."""
    wanted = waiting.pending.acr if waiting.pending is not None else ()
    links = [
        (way.label, waiting.link(way.path)) for way in ways(server) if reaches(way.acr, wanted)
    ]
    if reaches(SINGLE_FACTOR, wanted):
        links.append(("Use a recovery code", waiting.link(RECOVERY)))
    else:
        # Not for the request that waits, but for a new passkey, with which it goes on.
        links.append(("Lost your passkeys? Use a recovery code", f"{RECOVERY}?to=passkey"))
    rows = [el("li", el("a", label, href=server.base + path)) for label, path in links]
    return el("nav", el("ul", *rows, class_="rows"), aria_label="Other ways to sign in")


def only_passkeys(server: Server, waiting: Waiting, known: int) -> Html:
    """Say that nothing but a passkey will do, and to who has none, where one is made."""
    wanted = waiting.pending.acr if waiting.pending is not None else ()
    if reaches(MULTI_FACTOR, wanted):
        return join()
    if waiting.user is None or known:
        return el("p", "Only a passkey will do for this.", class_="notice")
    make = el("a", "Add one to your account", href=f"{server.base}/account/passkeys/new")
    return el("p", "This needs a passkey, and you have none. ", make, " first.", class_="notice")


def ways(server: Server) -> list[Way]:
    """Return the ways that are configured, but for passkeys and recovery."""
    found = [
        Way(f"Continue with {one.name}", f"/sign-in/with/{one.name}", _best(one))
        for one in server.settings.provider
    ]
    if server.settings.passwords:
        found.append(Way("Use a password and a code", "/sign-in/password", MULTI_FACTOR))
    return found


def _best(provider: ProviderConfig) -> str:
    """Return the most that a provider's `acr` is mapped to."""
    mapped = [value for value in provider.acr.values() if value in ORDER]
    return max([SINGLE_FACTOR, *mapped], key=ORDER.index)
