"""The file of API keys, as the lifecycle of accounts needs it: read before, marked after.

The revocation in the store is what counts at the gate; the mark is for who lists keys, and stays
when the row of the store is pruned.
"""

from __future__ import annotations

import msgspec

from yett.credentials.api_key import KeyRecord
from yett.issuer.server import Server
from yett.state.key_file import Records, change, load_records


def read_keys(server: Server) -> tuple[KeyRecord, ...]:
    """Read the records of API keys; none where no file is configured.

    Raises:
        StateError: the file is there and cannot be read.
    """
    name = server.config.identity.keys
    return load_records(server.folder / name) if name else ()


def mark_keys(server: Server, ids: tuple[str, ...], now: float) -> None:
    """Mark the records of keys that were revoked in the store.

    Raises:
        StateError: the file cannot be written; the keys are revoked all the same.
    """
    if not ids:
        return

    def mark(records: Records) -> Records:
        return tuple(
            msgspec.structs.replace(one, revoked=one.revoked or now) if one.id in ids else one
            for one in records
        )

    change(server.folder / server.config.identity.keys, mark)
