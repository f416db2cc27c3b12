"""The Cedar names of a contract: actions, their groups, and the types that every schema has.

An action is the bare `operationId`; where two apis share one, both carry their api's name, so that
a policy that meant one of them fails validation instead of meaning both.
"""

from __future__ import annotations

from collections import Counter

from yett.contract.model import Contract, Operation

ANONYMOUS = "Anonymous"
API = "Api"
KEY = "Key"
ROLE = "Role"
SERVICE = "Service"
READING, WRITING = "read", "write"
APPROVING = "approve"


def action_names(contract: Contract) -> dict[str, str]:
    """Return operation id (`api.operationId`) -> action id."""
    operations = [operation for api in contract.apis for operation in api.operations]
    count = Counter(bare(operation) for operation in operations)
    return {o.id: bare(o) if count[bare(o)] == 1 else o.id for o in operations}


def bare(operation: Operation) -> str:
    """Return the `operationId` without the api's name."""
    return operation.id.removeprefix(operation.api + ".")


def class_action(action: str, name: str) -> str:
    """Return the action of a field class, such as `listBookings:pii`."""
    return f"{action}:{name}"
