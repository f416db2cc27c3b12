"""The one error of this room: a contract that was read but cannot be compiled.

It is a `ContractError`, because the cause is in the same files and is mended by the same person:
a pattern that cannot be made linear, two templates that match the same path, a conflicting schema.
"""

from __future__ import annotations

from yett.contract.errors import ContractError


class PolicyError(ContractError):
    """The contract cannot be compiled; `findings` as in `ContractError`."""
