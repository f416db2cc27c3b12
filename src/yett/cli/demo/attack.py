"""An attack as a value, and short ways to write one; the tables are in `attacks_*.py`.

`threat` is a row of the OWASP API Security Top 10 (2023). `harm` is a text in the answer of the
portal alone that proves the damage, `loss` says it in words.
"""

from __future__ import annotations

from msgspec import Struct

from yett.cli.demo.traffic import Ask
from yett.cli.demo.visits import JSON

ATTACKER = "127.0.0.66"


class Attack(Struct, frozen=True, kw_only=True):
    """A request that must not succeed.

    Args:
        says: what the attacker tries.
        ask: the request.
        code: the problem that stops it; empty where the answer itself is made harmless.
        keeps: texts that must not be in the answer that yett lets out.
        harm: a text in the answer of the portal alone that proves the damage; where there is
            none, the damage is that it was obeyed (2xx).
        loss: what the portal alone would have lost; empty where it is safe by itself.
        threat: OWASP API Security Top 10, 2023.
        times: how often it is sent; the last answer counts.
        arrives: how many of these the portal is asked.
        slow: it takes seconds by its nature and runs beside the others.
        twin: whether the portal alone is asked, too; it has no sign-in of its own.
        first: a command of yett that is run before.
        soon: it is sent again until it is refused, as what was revoked may pass for a moment.
        confirms: Ada confirms with her passkey what the last challenge named, before it is sent.
    """

    says: str
    ask: Ask
    code: str = ""
    keeps: tuple[bytes, ...] = ()
    harm: bytes = b""
    loss: str = ""
    threat: str = "API8"
    times: int = 1
    arrives: int = 0
    slow: bool = False
    twin: bool = True
    first: tuple[str, ...] = ()
    soon: bool = False
    confirms: bool = False


class Act(Struct, frozen=True):
    """Attacks that belong together."""

    title: str
    attacks: tuple[Attack, ...]


def get(target: str, who: str = "ada", **fields: str) -> Ask:
    """Build a request without a body."""
    headers = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return Ask(target=target, who=who, headers=headers, source=ATTACKER)


def write(method: str, target: str, text: bytes, who: str = "ada", media: str = JSON[0][1]) -> Ask:
    """Build a request with any body."""
    headers = (("content-type", media),)
    return Ask(method=method, target=target, who=who, headers=headers, body=text, source=ATTACKER)


def raw(*pieces: bytes | float, who: str = "ada") -> Ask:
    """Build a request for a bare socket."""
    return Ask(raw=pieces, who=who, source=ATTACKER)
