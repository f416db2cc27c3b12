"""What makes a proof of possession good once: the nonces of a host and the memory of what was used.

Both are files under `var/` that are made when the first proof comes, so that a gate whose callers
never send one needs no such folder. A reload goes on with the same memory.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from yett.contract.identity_settings import DpopConfig
from yett.state.nonces import NONCE_KEY_FILE, Nonces
from yett.state.replays import REPLAYS_FILE, Replays, open_replays


class Once(Struct, frozen=True):
    """The two of one host; all processes that share the folder share them."""

    replays: Replays
    nonces: Nonces


def open_once(config: DpopConfig, folder: Path) -> Once:
    """Name both files; neither is read or made yet.

    Args:
        config: `[identity.dpop]`.
        folder: the contract folder.
    """
    replays = open_replays(folder / REPLAYS_FILE, config.max_remembered)
    return Once(replays, Nonces(folder / NONCE_KEY_FILE))
