"""The file of public keys that the gate watches, `var/issuer-jwks.json`: written whole or not.

Verifying needs no network and goes on while the issuer is down. Written only where it differs, so
that the gate reads it again only when there is something new. RFC 7517 s5.
"""

from __future__ import annotations

import json
from typing import Any

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.issuer.server import Server
from yett.state.accounts.signing_keys import SigningKey, list_keys
from yett.state.errors import StateError
from yett.state.whole_file import PUBLIC, replace_file


def public_keys(keys: list[SigningKey]) -> dict[str, Any]:
    """Write keys as a JWK set."""
    return {
        "keys": [{**key.public, "kid": key.kid, "use": "sig", "alg": key.algorithm} for key in keys]
    }


def write_keys(server: Server) -> bool:
    """Write the file where it differs from the store; answer whether it did.

    Raises:
        StateError: it cannot be written.
    """
    with server.store.read() as tx:
        text = json.dumps(public_keys(list_keys(tx)), indent=1).encode() + b"\n"
    path = server.folder / BUILTIN_KEYS_FILE
    try:
        if path.exists() and path.read_bytes() == text:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text, PUBLIC)  # the gate may run as another user
    except OSError as error:
        raise StateError(f"cannot be written: {error.strerror}", path=str(path)) from error
    return True
