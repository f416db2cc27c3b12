"""What a contract declares for authorization, gathered once and read by everything that follows."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from yett.contract.model import Contract, Machine, Operation
from yett.contract.report import Report
from yett.policy.authz.declared import Declared, attributes_of, declared_records
from yett.policy.authz.identity import claim_attributes, enriched_attributes
from yett.policy.authz.labels import Labels, read_labels
from yett.policy.authz.model import Pointer
from yett.policy.authz.names import action_names
from yett.policy.cedar.types import Attribute


class Facts(Struct, frozen=True, kw_only=True):
    """The declarations of one contract.

    Args:
        actions: operation id -> action id.
        machines: (api, machine) of all apis.
        records: operation id -> its record, for operations that are about one.
        attributes: record type -> attribute name -> (attribute, where it is in the record).
        labels: operation id -> its field classes.
        claims: attributes of the principal, each with its claim; `enriched`: with its pointer.
    """

    contract: Contract
    actions: dict[str, str]
    machines: tuple[tuple[str, Machine], ...]
    records: dict[str, Declared]
    attributes: dict[str, dict[str, tuple[Attribute, Pointer]]]
    labels: dict[str, Labels]
    claims: tuple[tuple[Attribute, str], ...]
    enriched: tuple[tuple[Attribute, Pointer], ...]

    def operations(self) -> Iterator[Operation]:
        """Go through all operations of all apis."""
        for api in self.contract.apis:
            yield from api.operations

    def machine_of(self, api: str, type_: str) -> Machine | None:
        """Return the machine of a record type, None when it has none."""
        return next((m for a, m in self.machines if a == api and m.type == type_), None)


def gather_facts(contract: Contract, report: Report) -> Facts | None:
    """Gather the declarations; None when nothing in the contract asks for authorization."""
    declared = declared_records(contract)
    records = {record.operation.id: record for record in declared}
    labels = read_labels(contract, records, report)
    machines = tuple((api.name, machine) for api in contract.apis for machine in api.machines)
    if not (contract.policies or machines or labels or any(r.resource.closed for r in declared)):
        return None
    return Facts(
        contract=contract,
        actions=action_names(contract),
        machines=machines,
        records=records,
        attributes=attributes_of(declared, tuple(m for _, m in machines), report),
        labels=labels,
        claims=claim_attributes(contract.config.principal),
        enriched=enriched_attributes(contract, report),
    )
