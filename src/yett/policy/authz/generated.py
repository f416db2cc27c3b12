"""Cedar text made from the contract: state machines, closed ids, and where scopes alone decide.

One engine, one explanation and one diff for what the team wrote and what its machines mean.
Generated ids are `kind:operation`, which no `@id` of the team may look like.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from yett.contract.model import Machine, PolicyText
from yett.policy.cedar.literals import cedar_string
from yett.policy.cedar.rules import ID

MAX_PLAIN_CHARACTERS = 100
DIGEST_CHARACTERS = 8
_NO_ID = re.compile(r"[^A-Za-z0-9._:/-]")

STATE, SEEN, DEFAULT = "state", "seen", "default"
PATH = "generated"


def generated_text(policies: Iterable[str]) -> tuple[PolicyText, ...]:
    """Return one text of all generated policies, none when there are none."""
    text = "".join(policies)
    return (PolicyText(PATH, text),) if text else ()


def state_policies(machines: tuple[Machine, ...], actions: dict[str, str]) -> list[str]:
    """An operation of a machine is forbidden outside the states it may start from.

    Args:
        machines: those of the contract.
        actions: operation id -> action, of the machine's api.
    """
    return [
        f"@id({_id(STATE, actions[operation])})\n"
        f"forbid(principal, action == Action::{cedar_string(actions[operation])}, "
        f"resource is {machine.type}) unless {{\n"
        f"  [{', '.join(map(cedar_string, move.start))}].contains(resource.{machine.field})\n}};\n"
        for machine in machines
        for operation, move in machine.operations.items()
        if move.start and operation in actions
    ]


def seen_policy(action: str) -> str:
    """A record of a closed operation must have been shown to the principal before."""
    return (
        f"@id({_id(SEEN, action)})\n"
        f"forbid(principal, action == Action::{cedar_string(action)}, resource) unless {{\n"
        "  context has seen && context.seen\n};\n"
    )


def default_policy(action: str) -> str:
    """No rule of the team permits this: what OpenAPI's `security` asks for is what is asked."""
    return (
        f"@id({_id(DEFAULT, action)})\n"
        f"permit(principal, action == Action::{cedar_string(action)}, resource);\n"
    )


def _id(kind: str, action: str) -> str:
    """Write the id of a rule; an action that no id can hold is told from others by its digest."""
    text = f"{kind}:{action}"
    if not ID.fullmatch(text):
        digest = hashlib.sha256(action.encode()).hexdigest()[:DIGEST_CHARACTERS]
        text = f"{_NO_ID.sub('_', text)[:MAX_PLAIN_CHARACTERS]}-{digest}"
    return cedar_string(text)
